using OpsBro.Collectors.Linux;

namespace OpsBro.Tests.Linux;

public class SshdTests
{
    [Fact]
    public void Keys_come_with_the_fingerprints_that_ssh_keygen_prints()
    {
        using var host = new RecordedHost("6.1");

        var data = host.Run(new Sshd());

        Assert.StartsWith("ssh-ed25519 AAAA", data.Text("host_ed25519_key_pub"));
        Assert.EndsWith(" root@web1", data.Text("host_rsa_key_pub"));
        Assert.Equal("SHA256:M4FhCMP0GeCpUrtgdqqZkTfxZuHtiGZxlh/EXI7zQtc", data.Text("fingerprints", "ed25519"));
        Assert.Equal("SHA256:TERZa+bvQu7jtLrhNOUAEuhTtwEC86CwGwS6RgmjEGE", data.Text("fingerprints", "rsa"));
    }

    [Theory, InlineData("ssh-rsa"), InlineData("ssh-rsa ???"), InlineData(""), InlineData("a  b")]
    public void What_is_no_key_has_no_fingerprint(string line) => Assert.Null(Sshd.FingerprintOf(line));
}
