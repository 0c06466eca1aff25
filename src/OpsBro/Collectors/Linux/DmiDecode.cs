namespace OpsBro.Collectors.Linux;

/// <summary>Maker, model, firmware and serial numbers as the firmware tells them. Source: /sys/class/dmi/id.</summary>
internal sealed class DmiDecode : ICollector
{
    const string Directory = "/sys/class/dmi/id";

    /// <summary>Most files read.</summary>
    public const int MaxFiles = 64;

    /// <inheritdoc/>
    public string Name => "dmidecode";

    /// <inheritdoc/>
    public string Summary => "Maker, model, firmware and serial numbers of the machine, from /sys/class/dmi/id.";

    /// <summary>It does not change while the kernel runs.</summary>
    public TimeSpan Interval => TimeSpan.FromMinutes(10);

    /// <inheritdoc/>
    public IReadOnlyList<KeyDoc> Keys { get; } =
    [
        new("<file>", "", "One text for each file there: product_name, product_version, product_serial, product_uuid, "
            + "sys_vendor, bios_vendor, bios_version, bios_date, board_name, board_vendor, board_serial, chassis_type, "
            + "chassis_vendor, chassis_asset_tag and so on. Serial numbers need root."),
    ];

    /// <inheritdoc/>
    public Outcome Collect(CollectorRun run)
    {
        foreach (var file in run.Host.List(Directory).Take(MaxFiles))
            if (file is not "uevent" && run.Host.ReadText($"{Directory}/{file}") is { } text) run.Data.Set(file, text.Trim());
        return run.Data.IsEmpty ? Outcome.None("the firmware offers no DMI table (no /sys/class/dmi/id)") : Outcome.Ok;
    }
}
