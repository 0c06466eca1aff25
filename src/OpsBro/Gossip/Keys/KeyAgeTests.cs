using OpsBro.Gossip.Keys;

namespace OpsBro.Tests.Gossip;

public sealed class KeyAgeTests : IDisposable
{
    static readonly DateTimeOffset noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    readonly string directory = Directory.CreateTempSubdirectory("opsbro-test-").FullName;

    string Keyring => Path.Join(directory, "keyring.json");

    [Fact]
    public void A_restart_does_not_make_a_key_young_again()
    {
        new KeyAge(Keyring).Observe("aaaa", 100, 3, noon);
        var age = new KeyAge(Keyring);
        age.Observe("aaaa", 5, 4, noon.AddDays(1));

        var known = age.Observe("aaaa", 7, 2, noon.AddDays(2));

        Assert.Equal(new KeyAgeRecord("aaaa", noon, 107, 4), known);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Keyring + ".age"));
    }

    [Fact]
    public void A_new_key_begins_anew_and_a_pool_that_was_opened_again_counts_from_zero()
    {
        var age = new KeyAge(Keyring);
        age.Observe("aaaa", 100, 3, noon);
        age.Observe("aaaa", 40, 3, noon);   // opened again
        var worn = age.Observe("aaaa", 50, 3, noon);

        var fresh = age.Observe("bbbb", 60, 2, noon.AddDays(3));

        Assert.Equal(150, worn.Sealed);
        Assert.Equal(new KeyAgeRecord("bbbb", noon.AddDays(3), 0, 2), fresh);
    }

    [Fact]
    public void A_keyring_without_a_record_is_as_old_as_its_file()
    {
        File.WriteAllText(Keyring, "[]");
        File.SetLastWriteTimeUtc(Keyring, noon.AddDays(-9).UtcDateTime);

        Assert.Equal(noon.AddDays(-9), new KeyAge(Keyring).Observe("aaaa", 0, 1, noon).Since);
    }

    [Fact]
    public void A_clock_that_was_wrong_does_not_keep_a_key_for_ever()
    {
        var age = new KeyAge(Keyring);
        age.Observe("aaaa", 0, 1, noon.AddYears(30));

        Assert.Equal(noon, age.Observe("aaaa", 0, 1, noon).Since);
    }

    [Fact]
    public void A_broken_record_is_written_anew()
    {
        File.WriteAllText(Keyring + ".age", "{");
        var age = new KeyAge(Keyring);

        age.Observe("aaaa", 0, 1, noon);

        Assert.Equal("", age.Problem);   // it is written anew at once
        Assert.Equal("aaaa", new KeyAge(Keyring).Observe("aaaa", 0, 1, noon).Fingerprint);
    }

    public void Dispose() => Directory.Delete(directory, recursive: true);
}
