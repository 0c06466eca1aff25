using OpsBro.Agent;

namespace OpsBro.Tests.Agent;

public sealed class InstanceLockTests : IDisposable
{
    readonly string directory = Directory.CreateTempSubdirectory("opsbro-lock-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public void The_second_one_is_told_who_holds_it_and_gets_it_when_that_one_ends()
    {
        using (InstanceLock.TryTake(directory, out _))
        {
            Assert.Null(InstanceLock.TryTake(directory, out var holder));
            Assert.Equal(Environment.ProcessId, holder);
        }
        using var held = InstanceLock.TryTake(directory, out _);
        Assert.NotNull(held);
    }

    [Fact]
    public void A_lock_that_cannot_be_made_is_not_one_that_is_held()
    {
        Directory.CreateDirectory(Path.Join(directory, "agent.lock"));

        Assert.ThrowsAny<UnauthorizedAccessException>(() => InstanceLock.TryTake(directory, out _));
    }
}
