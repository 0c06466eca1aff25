using OpsBro.Platform;

namespace OpsBro.Collectors.Linux;

/// <summary>
/// Temperatures, fans and voltages. Source: /sys/class/thermal and /sys/class/hwmon, see Documentation/hwmon/sysfs-interface.rst:
/// temperatures are thousandths of a degree Celsius, voltages thousandths of a volt, power millionths of a watt.
/// </summary>
internal sealed class Thermal : ICollector
{
    /// <summary>Most sensors read: some server boards have hundreds, each a slow bus away.</summary>
    public const int MaxSensors = 256;

    int sensors;

    /// <inheritdoc/>
    public string Name => "thermal";

    /// <inheritdoc/>
    public string Summary => "Temperatures, fans, voltages and power, from /sys/class/thermal and /sys/class/hwmon.";

    /// <inheritdoc/>
    public TimeSpan Interval => TimeSpan.FromSeconds(30);

    /// <inheritdoc/>
    public IReadOnlyList<KeyDoc> Keys { get; } =
    [
        new("max_temperature", "°C", "The hottest of all sensors and zones."),
        new("zones.<zone>.type", "", "What the zone is, for instance x86_pkg_temp."),
        new("zones.<zone>.temperature", "°C", "Temperature of the zone."),
        new("chips.<chip>.<sensor>.temperature", "°C", "Temperature; the sensor is named by its label, else temp1 and so on."),
        new("chips.<chip>.<sensor>.max", "°C", "From here on it is too hot."),
        new("chips.<chip>.<sensor>.critical", "°C", "From here on it breaks or is switched off."),
        new("chips.<chip>.<sensor>.rpm", "1/min", "Speed of a fan."),
        new("chips.<chip>.<sensor>.volts", "V", "Voltage."),
        new("chips.<chip>.<sensor>.watts", "W", "Power."),
    ];

    /// <inheritdoc/>
    public Outcome Collect(CollectorRun run)
    {
        sensors = 0;
        var hottest = double.NegativeInfinity;
        foreach (var zone in run.Host.List("/sys/class/thermal"))
        {
            if (!zone.StartsWith("thermal_zone", StringComparison.Ordinal)) continue;
            if (!TryRead(run.Host, $"/sys/class/thermal/{zone}/temp", 1000, out var temperature)) continue;
            var section = run.Data.Section("zones").Section(zone);
            section.Set("type", run.Host.ReadText($"/sys/class/thermal/{zone}/type") ?? "");
            section.Set("temperature", temperature);
            hottest = Math.Max(hottest, temperature);
        }
        foreach (var chip in run.Host.List("/sys/class/hwmon")) WriteChip(run, chip, ref hottest);
        if (double.IsFinite(hottest)) run.Data.Set("max_temperature", hottest);
        return run.Data.IsEmpty ? Outcome.None("this host shows no sensors in /sys/class/thermal and /sys/class/hwmon") : Outcome.Ok;
    }

    void WriteChip(CollectorRun run, string chip, ref double hottest)
    {
        var host = run.Host;
        var directory = $"/sys/class/hwmon/{chip}";
        var files = host.List(directory);
        if (!files.Contains("name")) directory += "/device";   // as drivers before kernel 3.13 have it
        files = host.List(directory);
        var name = $"{host.ReadText($"{directory}/name") ?? "chip"}-{chip}";   // two sockets have two chips of one name
        foreach (var file in files)
        {
            if (!file.EndsWith("_input", StringComparison.Ordinal)) continue;
            var sensor = file[..^"_input".Length];
            var (key, divisor) = KindOf(sensor);
            if (key is "" || !TryRead(host, $"{directory}/{file}", divisor, out var number)) continue;
            var label = host.ReadText($"{directory}/{sensor}_label");
            var section = run.Data.Section("chips").Section(name).Section(label is null or "" ? sensor : label);
            section.Set(key, number);
            if (key is not "temperature") continue;
            hottest = Math.Max(hottest, number);
            if (TryRead(host, $"{directory}/{sensor}_max", divisor, out var max)) section.Set("max", max);
            if (TryRead(host, $"{directory}/{sensor}_crit", divisor, out var critical)) section.Set("critical", critical);
        }
    }

    static (string Key, double Divisor) KindOf(string sensor) => sensor switch
    {
        ['t', 'e', 'm', 'p', ..] => ("temperature", 1000),
        ['f', 'a', 'n', ..] => ("rpm", 1),
        ['i', 'n', >= '0' and <= '9', ..] => ("volts", 1000),
        ['p', 'o', 'w', 'e', 'r', ..] => ("watts", 1_000_000),
        _ => ("", 1),
    };

    bool TryRead(HostFiles host, string path, double divisor, out double number)
    {
        number = 0;
        if (sensors >= MaxSensors || !host.TryReadLong(path, out var raw)) return false;   // a sensor that is off answers with an error
        sensors++;
        number = raw / divisor;
        return true;
    }
}
