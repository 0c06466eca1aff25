using Microsoft.Extensions.Hosting;
using OpsBro.Core.Gossip;

namespace OpsBro.Gossip.Keys;

/// <summary>Replaces the key of our zone when it is old or worn: looks now and then, and lets <see cref="RotationRule"/> decide.</summary>
internal sealed class KeyRotation : BackgroundService
{
    /// <summary>Longest time between two looks.</summary>
    public static readonly TimeSpan MostBetween = TimeSpan.FromMinutes(1);

    /// <summary>Shortest time between two looks.</summary>
    public static readonly TimeSpan LeastBetween = TimeSpan.FromSeconds(1);

    const int Parts = 360;

    readonly Cluster cluster;
    readonly KeyActions actions;
    readonly TimeProvider time;
    readonly SemaphoreSlim turn = new(1, 1);
    KeyAge? age;
    string ageOf = "";

    /// <summary>One of the cluster's pools and of the keys' actions.</summary>
    public KeyRotation(Cluster cluster, KeyActions actions, TimeProvider time)
    {
        (this.cluster, this.actions, this.time) = (cluster, actions, time);
        actions.LookNow = Look;   // a list right after a start or a change says the age too
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                var between = Between(cluster.Options.KeyRotation ?? GossipOptions.DefaultRotation);
                if (await Look() is not { IsDue: true })
                {
                    await Task.Delay(between, time, stoppingToken);
                    continue;
                }
                // two that think they are first do not begin in the same moment, and the later one sees a new key
                await Task.Delay(between * Random.Shared.NextDouble(), time, stoppingToken);
                if (await Look() is not { IsDue: true } verdict) continue;
                if (await actions.RotateByItself(verdict)) continue;
                await Task.Delay(RotationRule.Step(cluster.Options.KeyRotation ?? GossipOptions.DefaultRotation), time, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // the agent stops
        }
    }

    /// <summary>How often to look: a small part of the limit, within reason.</summary>
    public static TimeSpan Between(TimeSpan limit) =>
        TimeSpan.FromTicks(Math.Clamp(limit.Ticks / Parts, LeastBetween.Ticks, MostBetween.Ticks));

    /// <summary>Looks at our zone's pool and decides; null when it is not encrypted, or closed.</summary>
    async Task<RotationVerdict?> Look()
    {
        if (cluster.Own is not { IsEncrypted: true, Broken.Length: 0 } pool) return null;
        await turn.WaitAsync();
        try
        {
            if (ageOf != pool.Settings.KeyringFile) (age, ageOf) = (new KeyAge(pool.Settings.KeyringFile), pool.Settings.KeyringFile);
            var members = (await pool.Members()).Members;
            var now = time.GetUtcNow();
            var known = age!.Observe(pool.KeyFingerprint, await pool.Sealed(), members.Count(m => m.Status == MemberStatus.Alive), now);
            var verdict = RotationRule.Decide(Facts(cluster.Options, pool.Settings, members, known, now));
            pool.KeyAgeProblem = age.Problem;
            actions.Noted(pool, known, verdict);
            return verdict;
        }
        catch (PoolClosedException)
        {
            return null;   // there is a next pool, or none any more
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>Gathers what the decision is made of.</summary>
    public static RotationFacts Facts(
        GossipOptions options, PoolSettings pool, IReadOnlyList<Member> members, KeyAgeRecord known, DateTimeOffset now)
    {
        var alive = members.Where(m => m.Status == MemberStatus.Alive).ToList();
        // a proxy node of a zone below is a member here as well, and looks after its own zone's key
        var actors = alive.Where(m => m.Tag("ob") is not null && m.Tag("zn") == pool.Zone)
            .OrderBy(m => m.Tag("id") ?? "", StringComparer.Ordinal).ThenBy(m => m.Name, StringComparer.Ordinal).Select(m => m.Name).ToList();
        return new RotationFacts
        {
            Limit = options.KeyRotation,
            IsAsked = options.IsRotationAsked,
            Age = now - known.Since,
            Sealed = known.Sealed,
            Alive = alive.Count,
            Most = known.Most,
            Down = [.. members.Where(m => m.Status == MemberStatus.Failed || m is { Status: MemberStatus.Alive, Suspected: true }).Select(m => m.Name)],
            Plain = [.. alive.Where(m => m.Tag("ob") is null).Select(m => m.Name)],
            Rank = actors.IndexOf(pool.Name) is >= 0 and var rank ? rank : RotationRule.MaxRank,
        };
    }
}
