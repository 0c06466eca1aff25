using OpsBro.Core.TimeSeries;
using OpsBro.Metrics.Asking;

namespace OpsBro.Metrics.Carrying;

/// <content>What this agent says to others that ask.</content>
internal sealed partial class ClusterMetrics
{
    /// <summary>Answers another agent: for this node, or, when it asks from the zone above, for the whole zone.</summary>
    byte[] Answer(string zone, ReadOnlyMemory<byte> body)
    {
        var question = MetricQuestion.Read(body.Span) ?? throw new InvalidDataException("the question about metrics makes no sense; is it of a newer agent?");
        // those of the zone who are asked in turn have less time: what they said until then is answered
        var ask = new MetricAsk(store, zone == cluster.Own?.Settings.Zone ? null : this) { Patience = question.Patience };
        return Answer(ask, question, CancellationToken.None).GetAwaiter().GetResult();
    }

    static async Task<byte[]> Answer(MetricAsk ask, MetricQuestion question, CancellationToken cancel)
    {
        var texts = question.Texts;
        switch (question.Asking)
        {
            case MetricAsking.Fetch:
                var slices = await ask.Fetch(texts[0], question.From, question.Until, question.Aspect, cancel);
                return MetricAnswers.Write(slices.Answer, slices.Unanswered);
            case MetricAsking.FetchTagged:
                var tagged = await ask.FetchTagged(Conditions(texts, 0), question.From, question.Until, question.Aspect, cancel);
                return MetricAnswers.Write(tagged.Answer, tagged.Unanswered);
            case MetricAsking.FetchNamed:
                var named = await ask.FetchNamed(texts, question.From, question.Until, question.Aspect, cancel);
                return MetricAnswers.Write(named.Answer, named.Unanswered);
            case MetricAsking.Find:
                var found = await ask.Find(texts[0], cancel);
                return MetricAnswers.Write(found.Answer, found.Unanswered);
            case MetricAsking.FindTagged:
                var series = await ask.FindTagged(Conditions(texts, 0), MetricAnswers.MaxItems, cancel);
                return MetricAnswers.Write(series.Answer, series.Unanswered);
            case MetricAsking.TagNames:
                var tags = await ask.TagNames(Conditions(texts, 1), texts[0], MetricAnswers.MaxItems, cancel);
                return MetricAnswers.Write(tags.Answer, tags.Unanswered);
            case MetricAsking.TagValues:
                var values = await ask.TagValues(texts[0], Conditions(texts, 2), texts[1], MetricAnswers.MaxItems, cancel);
                return MetricAnswers.Write(values.Answer, values.Unanswered);
            default:
                var names = await ask.Names(cancel, texts.Count > 0 ? texts[0] : "");
                return MetricAnswers.Write(names.Answer, names.Unanswered);
        }
    }

    static TagExpression[] Conditions(IReadOnlyList<string> texts, int first) =>
        [.. texts.Skip(first).Select(t => TagExpression.Parse(t) ?? throw new InvalidDataException($"\"{t}\" is no condition on a tag"))];
}
