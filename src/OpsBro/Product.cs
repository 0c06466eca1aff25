using System.Reflection;

namespace OpsBro;

/// <summary>What this program is.</summary>
internal static class Product
{
    /// <summary>The version, without the commit.</summary>
    public static string Version { get; } =
        typeof(Product).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];
}
