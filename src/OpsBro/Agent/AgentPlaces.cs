namespace OpsBro.Agent;

/// <summary>Chooses the two directories of an agent: flag, environment, system directories for root, XDG directories for others.</summary>
internal static class AgentPlaces
{
    /// <summary>The choice.</summary>
    /// <param name="config"><c>--config</c>, or null.</param>
    /// <param name="data"><c>--data</c>, or null.</param>
    /// <param name="environment">Reads an environment variable.</param>
    public static AgentOptions Choose(string? config, string? data, Func<string, string?> environment)
    {
        var isRoot = Environment.IsPrivilegedProcess;
        var home = environment("HOME") is { Length: > 0 } directory ? directory : "/tmp";
        return new AgentOptions
        {
            ConfigDirectory = Path.GetFullPath(First(config, environment("OPSBRO_CONFIG"))
                ?? (isRoot ? "/etc/opsbro" : Path.Join(First(environment("XDG_CONFIG_HOME")) ?? Path.Join(home, ".config"), "opsbro"))),
            DataDirectory = Path.GetFullPath(First(data, environment("OPSBRO_DATA"))
                ?? (isRoot ? "/var/lib/opsbro" : Path.Join(First(environment("XDG_STATE_HOME")) ?? Path.Join(home, ".local", "state"), "opsbro"))),
        };
    }

    /// <summary>Refuses a data directory whose socket nobody could open.</summary>
    /// <exception cref="Cli.CliError">The path of the socket is too long.</exception>
    public static AgentOptions WithSocket(AgentOptions options)
    {
        const int most = 107;   // bytes of sun_path, unix(7), less the zero at its end
        var bytes = System.Text.Encoding.UTF8.GetByteCount(options.Socket);
        return bytes <= most
            ? options
            : throw new Cli.CliError(2, $"{options.Socket} has {bytes} bytes, and a unix socket at most {most}; give a shorter directory with --data");
    }

    static string? First(params ReadOnlySpan<string?> candidates)
    {
        foreach (var candidate in candidates)
            if (!string.IsNullOrEmpty(candidate)) return candidate;
        return null;
    }
}
