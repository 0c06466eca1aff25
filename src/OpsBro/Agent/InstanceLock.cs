using System.Globalization;

namespace OpsBro.Agent;

/// <summary>One agent for a data directory: a lock that ends with the process, however it ends.</summary>
internal sealed class InstanceLock : IDisposable
{
    /// <summary>EAGAIN of flock(2): another process holds the lock.</summary>
    const int IsHeld = 11;

    readonly FileStream file;

    InstanceLock(FileStream file) => this.file = file;

    /// <summary>Takes the lock, and writes the process id beside it.</summary>
    /// <returns>Null when another agent holds it; <paramref name="holder"/> is its process id then, 0 when it is not known.</returns>
    /// <exception cref="IOException">The file system refuses, for instance because it is read-only.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not write there.</exception>
    public static InstanceLock? TryTake(string dataDirectory, out int holder)
    {
        holder = 0;
        var pidFile = Path.Join(dataDirectory, "agent.pid");
        FileStream file;
        try
        {
            file = new FileStream(Path.Join(dataDirectory, "agent.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (e.HResult == IsHeld)
        {
            if (File.Exists(pidFile)) _ = int.TryParse(File.ReadAllText(pidFile), NumberStyles.None, CultureInfo.InvariantCulture, out holder);
            return null;
        }
        try
        {
            File.WriteAllText(pidFile, Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
        }
        catch (IOException)
        {
            // the disk is full, which is no reason not to watch this host: the number is only for messages
        }
        return new InstanceLock(file);
    }

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();
}
