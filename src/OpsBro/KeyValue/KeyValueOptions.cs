using System.Globalization;
using OpsBro.Config;
using OpsBro.Core.KeyValue;

namespace OpsBro.KeyValue;

/// <summary>The section <c>kv</c> of agent.yml.</summary>
internal sealed record KeyValueOptions
{
    /// <summary>The group whose members keep keys and values.</summary>
    public const string Group = "kv";

    const long Megabyte = 1 << 20, LeastStore = Megabyte, MostStore = 4096 * Megabyte;

    /// <summary>What is not written.</summary>
    public static readonly KeyValueOptions Default = new();

    /// <summary>Bytes that this node keeps: keys, values, and <see cref="KeyValueLimits.Overhead"/> for each. They are in memory too.</summary>
    public long MaxSize { get; init; } = KeyValueLimits.DefaultStore;

    /// <summary>Reads them; what cannot be read is a problem and has its default.</summary>
    public static KeyValueOptions Read(ConfigNode agent, List<Problem> problems)
    {
        if (new ObjectReader(agent, problems).Section("kv") is not { } section) return Default;
        var reader = new ObjectReader(section, problems);
        var options = new KeyValueOptions { MaxSize = ReadSize(reader, "max_size") };
        reader.RefuseTheRest("kv");
        return options;
    }

    /// <summary>A number of bytes: <c>64MB</c>, <c>1 GB</c>, or plain bytes.</summary>
    static long ReadSize(ObjectReader reader, string key)
    {
        var text = reader.Text(key);
        if (text.Length == 0) return Default.MaxSize;
        var digits = text.TrimEnd("BKMGibkmg ".ToCharArray());
        long factor = text[digits.Length..].Trim().ToUpperInvariant() switch
        {
            "" or "B" => 1,
            "K" or "KB" or "KIB" => 1024,
            "M" or "MB" or "MIB" => Megabyte,
            "G" or "GB" or "GIB" => 1024 * Megabyte,
            _ => 0,
        };
        if (factor > 0 && double.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            && number * factor >= LeastStore && number * factor <= MostStore) return (long)(number * factor);
        reader.Complain(reader.Node(key)!, $"{key} is \"{text}\"; write a size from 1MB to 4GB, for instance 64MB");
        return Default.MaxSize;
    }
}

/// <summary>Finds what is wrong in the section <c>kv</c>: for <c>config check</c>.</summary>
internal sealed class KeyValueChecker : IConfigChecker
{
    /// <inheritdoc/>
    public string Kind => "";

    /// <inheritdoc/>
    public void CheckSettings(ConfigNode agent, List<Problem> problems) => _ = KeyValueOptions.Read(agent, problems);
}
