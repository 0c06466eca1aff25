using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using OpsBro.Api;
using OpsBro.Metrics.Listeners;

namespace OpsBro.Tests.Metrics;

/// <summary>Limits of what comes by HTTP.</summary>
public class HttpIntakeTests
{
    static DefaultHttpContext Request(Stream body) => new() { Request = { Method = "POST", Body = body } };

    [Fact]
    public async Task One_request_too_many_is_told_to_come_again_and_the_others_go_on()
    {
        var intake = new HttpIntake(IntakeStores.Empty(), "influx");
        var pipes = Enumerable.Range(0, HttpIntake.MaxRequests).Select(_ => new Pipe()).ToList();
        var open = pipes.Select(p => intake.Take(Request(p.Reader.AsStream()), "", body => new IntakeResult { Taken = body.Length })).ToList();

        var refused = await Assert.ThrowsAsync<ApiProblem>(() => intake.Take(Request(Stream.Null), "", _ => default));
        foreach (var pipe in pipes)
        {
            await pipe.Writer.WriteAsync(new byte[7]);
            await pipe.Writer.CompleteAsync();
        }

        Assert.Equal((503, 1), (refused.Status, intake.Now().Busy));
        Assert.All(await Task.WhenAll(open), result => Assert.Equal(7, result.Taken));
        Assert.Equal(0, (await intake.Take(Request(Stream.Null), "", body => new IntakeResult { Taken = body.Length })).Taken);
    }

    [Fact]
    public async Task A_fault_is_counted_with_its_reason()
    {
        var intake = new HttpIntake(IntakeStores.Empty(), "otlp");

        await intake.Take(Request(Stream.Null), "", _ => new IntakeResult { Problem = "first", Skipped = 2 });
        await Assert.ThrowsAsync<ApiProblem>(() => intake.Take(Request(Stream.Null), "", _ => throw ApiProblem.Bad("second")));

        var now = intake.Now();
        Assert.Equal((2, 2, 2, "second"), (now.Requests, now.BadRequests, now.Skipped, now.LastProblem));
    }
}
