using System.Net;
using OpsBro.Events;

namespace OpsBro.Tests.Events;

public class StreamGuestsTests
{
    static readonly IPAddress far = IPAddress.Parse("192.0.2.1"), other = IPAddress.Parse("192.0.2.2");

    readonly StreamGuests guests = new();

    int? Come(IPAddress source) => guests.Enter(source) ? guests.Welcome(source)?.Status ?? 0 : null;

    [Fact]
    public void One_address_gets_its_share_and_this_host_as_much_as_there_is()
    {
        guests.Limit(10, 2);

        Assert.Equal([0, 0, 429], [Come(far), Come(far), Come(far)]);
        Assert.Equal(0, Come(other));
        Assert.Equal([0, 0, 0, 0, 0, 0, 0, 503], Enumerable.Range(0, 8).Select(_ => Come(IPAddress.Loopback) ?? -1));
        Assert.Equal(10, guests.Welcomed);
    }

    [Fact]
    public void Who_goes_makes_room()
    {
        guests.Limit(10, 1);
        Assert.Equal(0, Come(far));
        Assert.Equal(429, Come(far));
        guests.Exit(far);

        guests.Leave(far);

        Assert.Equal(0, guests.Welcomed);
        Assert.Equal(0, Come(far));
    }

    [Fact]
    public void Those_who_only_hold_a_connection_are_limited_too()
    {
        guests.Limit(1, 1);
        for (var i = 0; i < 1 + StreamGuests.Waiting; i++) Assert.True(guests.Enter(far));

        Assert.False(guests.Enter(far));
        Assert.False(guests.Enter(other));
    }
}
