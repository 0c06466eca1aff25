using OpsBro.Collectors.Linux;

namespace OpsBro.Tests.Linux;

public class SystemdTests
{
    static string Listed(string version) =>
        File.ReadAllText(Repository.PathOf("src", "OpsBro", "Collectors", "Linux", "fixtures", $"systemctl-{version}.txt"));

    static RecordedHost Booted() => new RecordedHost().With("/run/systemd/system/placeholder", "");

    /// <summary>A program in the place of systemctl.</summary>
    static string Program(RecordedHost host, string script)
    {
        host.With("/systemctl", $"#!/bin/sh\n{script}\n");
        var path = host.Files.PathOf("/systemctl");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        return path;
    }

    [Fact]
    public void Failed_units_are_named_and_units_counted_by_state_and_type()
    {
        using var host = Booted();
        var file = host.With("/list", Listed("252")).Files.PathOf("/list");

        var data = host.Run(new Systemd(Program(host, $"cat {file}")));

        Assert.Equal("degraded", data.Text("state"));
        Assert.Equal(["backup@db.service", "nginx.service"], data.At("failed_units").AsList.Select(u => u.AsString));
        Assert.Equal(12, data.Number("units"));
        Assert.Equal(2, data.Number("failed"));
        Assert.Equal(8, data.Number("active"));
        Assert.Equal(6, data.Number("types", "service"));
        Assert.Equal("running", data.Text("services", "ssh"));
        Assert.Equal("failed", data.Text("services", "backup@db"));
        Assert.DoesNotContain("apache2", data.At("services").Keys());
    }

    [Fact]
    public void Marks_of_old_versions_are_no_names()
    {
        var units = Systemd.Parse(System.Text.Encoding.UTF8.GetBytes(Listed("219")));

        Assert.Equal(["proc-sys-fs-binfmt_misc.automount", "kdump.service", "sshd.service", "rc-local.service"], units.Select(u => u.Name));
        Assert.Equal("failed", units[1].Active);
    }

    [Fact]
    public void A_program_that_fails_is_an_error_in_its_own_words()
    {
        using var host = Booted();

        var error = Assert.Throws<IOException>(() => host.Run(new Systemd(Program(host, "echo 'Failed to connect to bus' >&2; exit 1"))));

        Assert.Contains("Failed to connect to bus", error.Message);
    }

    [Fact]
    public void A_host_with_another_init_is_not_asked()
    {
        using var host = new RecordedHost();

        Assert.Contains("/run/systemd/system", RecordedHost.Run(new Systemd("/no/such/program"), host.Files).Outcome.NotEligible);
    }
}
