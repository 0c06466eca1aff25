using System.Text;
using OpsBro.Gossip;

namespace OpsBro.Tests.Gossip;

public class QuestionsTests
{
    readonly Questions questions = new(new Telemetry());

    [Fact]
    public async Task A_question_is_answered_by_what_is_registered_for_its_kind_with_the_zone_it_came_from()
    {
        questions.Register(QuestionKind.Metrics, (zone, body) => [.. Encoding.UTF8.GetBytes(zone), .. body.Span]);

        var answer = await questions.Answer("lan", Questions.Write(QuestionKind.Metrics, "?!"u8));

        Assert.Equal("lan?!", Encoding.UTF8.GetString(Questions.Read(answer, out var error)!.Value.Span));
        Assert.Equal("", error);
    }

    [Fact]
    public async Task Refusals_say_why()
    {
        questions.Register(QuestionKind.Metrics, (_, body) => body.Length == 0 ? new byte[Questions.MaxAnswer + 1] : throw new IOException("disk gone"));
        var answers = new[]
        {
            await questions.Answer("lan", [99]), await questions.Answer("lan", [(byte)QuestionKind.Metrics, 1]),
            await questions.Answer("lan", [(byte)QuestionKind.Metrics]), await questions.Answer("lan", new byte[Questions.MaxQuestion + 1]),
        };

        var errors = answers.Select(a => Questions.Read(a, out var error) is null ? error : "answered").ToArray();

        Assert.Contains("does not know", errors[0]);
        Assert.Equal("disk gone", errors[1]);
        Assert.Contains("ask for less", errors[2]);
        Assert.Contains("at most 65536 bytes", errors[3]);
        foreach (var nonsense in new byte[][] { [], [7], [7, 7] }) Assert.Null(Questions.Read(nonsense, out _));
    }

    [Fact]
    public async Task More_at_once_than_allowed_are_told_to_come_again()
    {
        using var gate = new ManualResetEventSlim();
        questions.Register(QuestionKind.Metrics, (_, _) =>
        {
            gate.Wait();
            return [];
        });
        // a question counts from the moment it is asked, whether a thread was free for it or not
        var waiting = Enumerable.Range(0, Questions.MaxAtOnce).Select(_ => questions.Answer("lan", [(byte)QuestionKind.Metrics])).ToArray();

        var late = await questions.Answer("lan", [(byte)QuestionKind.Metrics]);
        gate.Set();

        Assert.Null(Questions.Read(late, out var error));
        Assert.Contains("ask again", error);
        Assert.All(await Task.WhenAll(waiting), answer => Assert.NotNull(Questions.Read(answer, out _)));
    }
}
