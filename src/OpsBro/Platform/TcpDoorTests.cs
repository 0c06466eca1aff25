using System.Net;
using System.Net.Sockets;
using OpsBro.Platform;

namespace OpsBro.Tests.Platform;

/// <summary>Who comes in at a TCP port.</summary>
public sealed class TcpDoorTests : IDisposable
{
    /// <summary>For what comes soon on an idle machine.</summary>
    static readonly TimeSpan patience = TimeSpan.FromSeconds(60);

    readonly List<Socket> callers = [];
    readonly IPEndPoint at = new(IPAddress.Loopback, Ports.Free());

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var caller in callers) caller.Dispose();
    }

    /// <summary>Sends back what it hears until the end.</summary>
    static async Task Echo(Socket caller, IPAddress source)
    {
        using (caller)
        {
            var buffer = new byte[64];
            try
            {
                while (await caller.ReceiveAsync(buffer) is > 0 and var count) await caller.SendAsync(buffer.AsMemory(0, count));
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // it is over
            }
        }
    }

    /// <summary>True when a new caller is heard.</summary>
    async Task<bool> Call(string from)
    {
        var caller = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        callers.Add(caller);
        using var time = new CancellationTokenSource(patience);
        try
        {
            caller.Bind(new IPEndPoint(IPAddress.Parse(from), 0));
            await caller.ConnectAsync(at, time.Token);
            await caller.SendAsync("x"u8.ToArray(), time.Token);
            return await caller.ReceiveAsync(new byte[1], time.Token) == 1;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>True when the other side ends it; somebody whose word was awaited meanwhile is cut off.</summary>
    static async Task<bool> IsOver(Socket caller)
    {
        try
        {
            using var time = new CancellationTokenSource(patience);
            return await caller.ReceiveAsync(new byte[1], time.Token) == 0;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode == SocketError.ConnectionReset;
        }
    }

    /// <summary>So many, and of one address a share; a place that is left is free again.</summary>
    [Fact]
    public async Task Places_are_counted_in_all_and_for_each_address()
    {
        var refused = 0;
        using var places = new TcpPlaces(() => 3, () => 2, () => Interlocked.Increment(ref refused));
        using var door = new TcpDoor(at, places, Echo);

        Assert.True(await Call("127.0.0.1"));
        Assert.True(await Call("127.0.0.1"));
        Assert.False(await Call("127.0.0.1"));
        Assert.True(await Call("127.0.0.2"));
        Assert.False(await Call("127.0.0.3"));
        Assert.Equal((3, 2, 2), (places.Taken, (int)places.Refused, refused));

        callers[0].Dispose();
        for (var end = Monotonic.Now + patience; places.Taken == 3 && Monotonic.Now < end;) await Task.Yield();
        Assert.True(await Call("127.0.0.3"));
    }

    /// <summary>Who is in stays when the door is closed; who ends the places ends all.</summary>
    [Fact]
    public async Task A_closed_door_keeps_who_is_in_and_closed_places_end_them()
    {
        using var places = new TcpPlaces(() => 3);
        using (new TcpDoor(at, places, Echo)) Assert.True(await Call("127.0.0.1"));

        await callers[0].SendAsync("y"u8.ToArray());
        Assert.Equal(1, await callers[0].ReceiveAsync(new byte[1]));
        Assert.False(await Call("127.0.0.1"));
        using var again = new TcpDoor(at, places, Echo);   // though a connection of before is still there

        places.Dispose();
        Assert.True(await IsOver(callers[0]));
    }

    /// <summary>Two agents must not share the callers of one port, each a half.</summary>
    [Fact]
    public void A_port_is_listened_to_by_one_door()
    {
        using var places = new TcpPlaces(() => 1);
        using var door = new TcpDoor(at, places, Echo);

        var e = Assert.Throws<SocketException>(() => new TcpDoor(at, places, Echo));

        Assert.Equal(SocketError.AddressAlreadyInUse, e.SocketErrorCode);
    }
}
