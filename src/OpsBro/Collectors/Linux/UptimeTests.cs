using OpsBro.Collectors.Linux;

namespace OpsBro.Tests.Linux;

public class UptimeTests
{
    [Fact]
    public void Boot_time_and_the_people_logged_in_are_told()
    {
        using var host = new RecordedHost("6.1");

        var data = host.Run(new Uptime());

        Assert.Equal(120312.93, data.Number("seconds"));
        Assert.Equal("2026-09-21T14:13:20Z", data.Text("booted_at"));
        Assert.Equal(2, data.Number("sessions"));
        Assert.Equal("alice", Assert.Single(data.At("users").AsList).AsString);
    }

    [Fact]
    public void Login_records_of_utmp_count_and_others_do_not()
    {
        var utmp = new byte[384 * 3 + 100];
        (utmp[0], utmp[384], utmp[768]) = (7, 2, 7);   // a user, the boot record, a user; then a record that was cut
        "bob"u8.CopyTo(utmp.AsSpan(44));
        "eve"u8.CopyTo(utmp.AsSpan(768 + 44));

        Assert.Equal(["bob", "eve"], Uptime.UsersOf(utmp));
    }
}
