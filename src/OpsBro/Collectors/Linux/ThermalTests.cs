using OpsBro.Collectors.Linux;

namespace OpsBro.Tests.Linux;

public class ThermalTests
{
    [Fact]
    public void Zones_and_sensors_are_in_degrees_volts_and_watts()
    {
        using var host = new RecordedHost("6.1");

        var data = host.Run(new Thermal());

        Assert.Equal(61, data.Number("max_temperature"));
        Assert.Equal(27.8, data.Number("zones", "thermal_zone0", "temperature"));
        Assert.Equal("x86_pkg_temp", data.Text("zones", "thermal_zone1", "type"));
        Assert.Equal(61, data.Number("chips", "coretemp-hwmon0", "Package id 0", "temperature"));
        Assert.Equal(100, data.Number("chips", "coretemp-hwmon0", "Package id 0", "critical"));
        Assert.Equal(1120, data.Number("chips", "nct6798-hwmon1", "fan1", "rpm"));
        Assert.Equal(0.912, data.Number("chips", "nct6798-hwmon1", "in0", "volts"));
        Assert.Equal(12.031, data.Number("chips", "nct6798-hwmon1", "power1", "watts"));
        Assert.Equal(-62, data.Number("chips", "nct6798-hwmon1", "temp3", "temperature"));
    }

    [Fact]
    public void Chips_of_an_old_kernel_keep_their_files_below_device()
    {
        using var host = new RecordedHost("3.10");

        Assert.Equal(41.5, host.Run(new Thermal()).Number("chips", "k10temp-hwmon0", "temp1", "temperature"));
    }
}
