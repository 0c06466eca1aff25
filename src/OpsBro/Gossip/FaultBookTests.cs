using System.Net;
using OpsBro.Core.Gossip;
using OpsBro.Core.Wire;
using OpsBro.Gossip;

namespace OpsBro.Tests.Gossip;

public class FaultBookTests
{
    static readonly TimeSpan now = TimeSpan.FromHours(1);

    static GossipFault Wrong(string from, TimeSpan at) =>
        new(PacketFault.NoKey, StreamFault.None, PeerAddress.Of(IPAddress.Parse(from).GetAddressBytes(), 7946), at);

    static string[] Problems(FaultBook book, TimeSpan at, bool isEncrypted = true) => [.. book.Problems(at, isEncrypted, "abcd", "internet")];

    [Fact]
    public void A_wrong_key_is_told_from_the_third_time_on_with_what_to_do_and_forgotten_after_a_while()
    {
        var book = new FaultBook();
        book.Add(Wrong("192.0.2.7", now));
        book.Add(Wrong("192.0.2.7", now));
        var before = Problems(book, now);

        book.Add(Wrong("192.0.2.7", now));

        Assert.Empty(before);
        var line = Assert.Single(Problems(book, now));
        Assert.Contains("(3 from 192.0.2.7)", line);
        Assert.Contains("this node (primary key abcd)", line);
        Assert.Contains("opsbro gossip keys use --local -", line);
        Assert.Empty(Problems(book, now + FaultBook.Memory + TimeSpan.FromSeconds(1)));
    }

    [Fact]
    public void What_was_mended_is_forgotten_at_once()
    {
        var book = new FaultBook();
        for (var i = 0; i < 5; i++) book.Add(Wrong("192.0.2.7", now));

        book.BeginAgain();

        Assert.Empty(Problems(book, now));
    }

    [Fact]
    public void A_node_without_a_key_learns_how_to_get_it()
    {
        var book = new FaultBook();
        for (var i = 0; i < 3; i++)
            book.Add(new GossipFault(PacketFault.None, StreamFault.NoKeys, PeerAddress.Of(IPAddress.Loopback.GetAddressBytes(), 1), now));

        Assert.Contains("opsbro gossip zone key import internet KEYFILE", Assert.Single(Problems(book, now, isEncrypted: false)));
    }

    [Fact]
    public void No_more_addresses_are_remembered_than_agreed()
    {
        var book = new FaultBook();
        for (var i = 0; i < 3 * FaultBook.MaxSources; i++)
            for (var times = 0; times < 3; times++) book.Add(Wrong($"192.0.2.{i % 250}", now + TimeSpan.FromSeconds(i)));

        Assert.Contains($"and {FaultBook.MaxSources - FaultBook.MaxShown} more addresses", Assert.Single(Problems(book, now)));
    }
}
