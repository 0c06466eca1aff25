using System.Globalization;

namespace OpsBro.Agent;

/// <summary>One agent for a data directory: a lock that ends with the process, however it ends.</summary>
internal sealed class InstanceLock : IDisposable
{
    readonly FileStream file;

    InstanceLock(FileStream file) => this.file = file;

    /// <summary>Takes the lock, and writes the process id beside it.</summary>
    /// <returns>Null when another agent holds it; <paramref name="holder"/> is its process id then, 0 when it is not known.</returns>
    /// <exception cref="IOException">The directory cannot be written.</exception>
    public static InstanceLock? TryTake(string dataDirectory, out int holder)
    {
        holder = 0;
        var pidFile = Path.Join(dataDirectory, "agent.pid");
        FileStream file;
        try
        {
            file = new FileStream(Path.Join(dataDirectory, "agent.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException) when (File.Exists(Path.Join(dataDirectory, "agent.lock")))
        {
            if (File.Exists(pidFile)) _ = int.TryParse(File.ReadAllText(pidFile), NumberStyles.None, CultureInfo.InvariantCulture, out holder);
            return null;
        }
        File.WriteAllText(pidFile, Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
        return new InstanceLock(file);
    }

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();
}
