using OpsBro.Gossip;

namespace OpsBro.Tests.Gossip;

public sealed class KeyringFileTests : IDisposable
{
    readonly string directory = Directory.CreateTempSubdirectory("opsbro-test-").FullName;

    string Path => System.IO.Path.Join(directory, "keyring.json");

    static byte[] Key(byte fill)
    {
        var key = new byte[32];
        Array.Fill(key, fill);
        return key;
    }

    static string Text(byte fill) => Convert.ToBase64String(Key(fill));

    string Printed(byte fill) => GossipKey.Fingerprint(Key(fill));

    [Fact]
    public void A_configured_key_makes_the_file_which_is_for_the_agent_alone()
    {
        var file = new KeyringFile(Path);

        var keys = file.Load(Text(1));

        Assert.Equal([Key(1)], keys);
        Assert.Equal("", file.Problem);
        Assert.Equal([Key(1)], KeyringFile.TryRead(File.ReadAllBytes(Path)));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path + ".from"));
    }

    [Fact]
    public void What_the_cluster_changed_since_holds_while_the_configured_key_stays_the_same()
    {
        var file = new KeyringFile(Path);
        file.Load(Text(1));
        file.Save([Key(2), Key(1)], version: 1);

        var again = new KeyringFile(Path);

        Assert.Equal([Key(2), Key(1)], again.Load(Text(1)));
        Assert.Equal(("", ""), (again.Problem, again.Notice));
        Assert.Null(again.Follow(Text(1)));
    }

    [Fact]
    public void A_configured_key_that_the_operator_changed_becomes_the_primary_one()
    {
        var file = new KeyringFile(Path);
        file.Load(Text(1));

        var change = file.Follow(Text(3));
        var twice = file.Follow(Text(3));

        Assert.Equal([Key(3), Key(1)], change!.Value.Keys!);
        Assert.Equal($"the configured key was changed: {Printed(3)} is the primary key now, and 1 older ones still open what comes in; members that do "
            + "not have it cannot read this node until they are given it too", change.Value.Text);
        Assert.Null(twice);
        Assert.Equal([Key(4), Key(3), Key(1)], new KeyringFile(Path).Load(Text(4)));
    }

    [Fact]
    public void A_keyring_that_came_from_elsewhere_is_not_overruled()
    {
        File.WriteAllText(Path, $"[\"{Text(7)}\"]");
        var file = new KeyringFile(Path);

        Assert.Equal([Key(7)], file.Load(Text(1)));
        Assert.Contains("came with other keys", file.Problem);
    }

    [Fact]
    public void A_late_call_does_not_undo_a_later_one()
    {
        var file = new KeyringFile(Path);
        file.Load(Text(1));

        file.Save([Key(3)], version: 3);
        file.Save([Key(2)], version: 2);

        Assert.Equal([Key(3)], KeyringFile.TryRead(File.ReadAllBytes(Path)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("[null]")]
    [InlineData("[\"AAAA\"]")]
    [InlineData("{\"keys\": []}")]
    [InlineData("[\"AAECAwQFBgcICQoLDA0ODw==\"")]
    public void A_broken_file_opens_nothing(string text)
    {
        File.WriteAllText(Path, text);
        var locked = new KeyringFile(Path);
        var replaced = new KeyringFile(Path);

        Assert.Empty(locked.Load(""));
        Assert.True(locked.IsLocked);
        Assert.Contains("is no keyring", locked.Problem);
        Assert.Equal([Key(1)], replaced.Load(Text(1)));
        Assert.False(replaced.IsLocked);
        Assert.Contains("put aside as", replaced.Problem);
        Assert.Equal(text, File.ReadAllText(Path + ".bad"));
    }

    [Fact]
    public void While_the_agent_runs_a_lost_or_broken_file_is_written_again_and_an_edited_one_taken_over()
    {
        var file = new KeyringFile(Path);
        file.Load(Text(1));

        File.Delete(Path);
        var lost = file.Follow(Text(1));
        File.WriteAllText(Path, "garbage");
        var broken = file.Follow(Text(1));
        var whole = KeyringFile.TryRead(File.ReadAllBytes(Path));
        File.WriteAllText(Path, $"[\"{Text(5)}\", \"{Text(1)}\"]");
        var edited = file.Follow(Text(1));

        Assert.Null(lost!.Value.Keys);
        Assert.Contains("was gone", lost.Value.Text);
        Assert.Contains("put aside as", broken!.Value.Text);
        Assert.Equal([Key(1)], whole);
        Assert.Equal([Key(5), Key(1)], edited!.Value.Keys!);
        Assert.Contains($"the primary key is {Printed(5)} of 2", edited.Value.Text);
    }

    public void Dispose() => Directory.Delete(directory, recursive: true);
}
