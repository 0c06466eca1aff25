using OpsBro.Core.Gossip;

namespace OpsBro.Tests.Gossip;

/// <summary>Whom detection answers.</summary>
public class DetectDoorTests
{
    static readonly PeerAddress asker = PeerAddress.Of([10, 0, 0, 1], 4000), other = PeerAddress.Of([10, 0, 0, 2], 4000);

    static TimeSpan At(double seconds) => TimeSpan.FromSeconds(100 + seconds);

    [Fact]
    public void A_question_is_answered_once_whichever_ways_it_came_by()
    {
        var door = new DetectDoor();

        Assert.True(door.MayAnswer(1, asker, At(0)));
        Assert.False(door.MayAnswer(1, asker, At(0)));
        Assert.False(door.MayAnswer(1, other, At(9)));
        Assert.True(door.MayAnswer(2, asker, At(9)));
        Assert.Equal(2, door.Answered);
    }

    [Fact]
    public void Our_own_question_is_not_answered()
    {
        var door = new DetectDoor();
        door.Remember(5);

        Assert.False(door.MayAnswer(5, asker, At(0)));
    }

    [Fact]
    public void One_address_gets_so_many_answers_in_a_second_and_others_still_theirs()
    {
        var door = new DetectDoor();
        var port = 1;
        var given = Enumerable.Range(1, 50).Count(i => door.MayAnswer((UInt128)i, asker.WithPort(port++), At(0.5)));

        Assert.Equal(DetectDoor.MaxAnswersEach, given);
        Assert.True(door.MayAnswer(100, other, At(0.6)));
        Assert.True(door.MayAnswer(101, asker, At(1.7)));
    }

    [Fact]
    public void All_together_get_so_many_answers_in_a_second()
    {
        var door = new DetectDoor();
        var given = Enumerable.Range(1, 5_000).Count(i => door.MayAnswer((UInt128)i, PeerAddress.Of([10, 1, (byte)(i >> 8), (byte)i], 4000), At(0)));

        Assert.Equal(DetectDoor.MaxAnswers, given);
        Assert.Equal(5_000 - given, door.Dropped);
    }

    [Fact]
    public void So_many_datagrams_are_read_in_a_second_and_only_those_of_a_questions_size()
    {
        var door = new DetectDoor();

        Assert.False(door.MayRead(DetectCodec.Size - 1, At(0)));
        Assert.Equal(DetectDoor.MaxReads, Enumerable.Range(0, 2_000).Count(_ => door.MayRead(DetectCodec.Size, At(0))));
        Assert.True(door.MayRead(DetectCodec.Size, At(1)));
    }

    [Fact]
    public void The_oldest_question_is_forgotten_when_there_are_too_many()
    {
        var door = new DetectDoor();
        for (var i = 0; i <= DetectDoor.MaxTokens; i++) door.Remember((UInt128)i);

        Assert.True(door.MayAnswer(0, asker, At(0)));
        Assert.False(door.MayAnswer(DetectDoor.MaxTokens, asker, At(0)));
    }
}
