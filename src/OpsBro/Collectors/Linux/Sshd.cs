using System.Security.Cryptography;

namespace OpsBro.Collectors.Linux;

/// <summary>The public keys by which ssh knows this host, and their fingerprints. Source: /etc/ssh/ssh_host_*_key.pub.</summary>
internal sealed class Sshd : ICollector
{
    const string Directory = "/etc/ssh", Prefix = "ssh_host_", Suffix = "_key.pub";

    /// <summary>Most keys read.</summary>
    public const int MaxKeys = 16;

    /// <inheritdoc/>
    public string Name => "sshd";

    /// <inheritdoc/>
    public string Summary => "Public host keys of sshd and their fingerprints, from /etc/ssh.";

    /// <inheritdoc/>
    public TimeSpan Interval => TimeSpan.FromMinutes(10);

    /// <inheritdoc/>
    public IReadOnlyList<KeyDoc> Keys { get; } =
    [
        new("host_rsa_key_pub", "", "Public RSA key, the whole line of the file."),
        new("host_dsa_key_pub", "", "Public DSA key; OpenSSH made none since 2015."),
        new("host_ecdsa_key_pub", "", "Public ECDSA key."),
        new("host_ed25519_key_pub", "", "Public Ed25519 key."),
        new("<host_TYPE_key_pub>", "", "Key of any other type."),
        new("fingerprints.<type>", "", "SHA-256 fingerprint of the key as ssh-keygen -l prints it: SHA256:…"),
    ];

    /// <inheritdoc/>
    public Outcome Collect(CollectorRun run)
    {
        var files = run.Host.List(Directory)
            .Where(f => f.StartsWith(Prefix, StringComparison.Ordinal) && f.EndsWith(Suffix, StringComparison.Ordinal)
                && f.Length > Prefix.Length + Suffix.Length);
        foreach (var file in files.Take(MaxKeys))
        {
            if (run.Host.ReadText($"{Directory}/{file}") is not { } key) continue;
            var type = file[Prefix.Length..^Suffix.Length];
            run.Data.Set($"host_{type}_key_pub", key);
            if (FingerprintOf(key) is { } fingerprint) run.Data.Section("fingerprints").Set(type, fingerprint);
        }
        return run.Data.IsEmpty ? Outcome.None("there are no host keys in /etc/ssh") : Outcome.Ok;
    }

    /// <summary>The fingerprint of a line <c>TYPE BASE64 COMMENT</c>; null when it is no such line.</summary>
    internal static string? FingerprintOf(string line)
    {
        var fields = line.Split(' ', 3);
        if (fields.Length < 2) return null;
        Span<byte> key = new byte[fields[1].Length];
        return Convert.TryFromBase64String(fields[1], key, out var length) && length > 0
            ? "SHA256:" + Convert.ToBase64String(SHA256.HashData(key[..length])).TrimEnd('=')
            : null;
    }
}
