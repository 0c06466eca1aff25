namespace OpsBro.Core.Wire;

/// <summary>
/// A cluster's label, before everything else: in each datagram, and once on a stream by its dialer. Page:
/// serf-wire.md A7.
/// <code>labelled = f4 length:u8 label rest       length 1-255</code>
/// </summary>
public static class Label
{
    /// <summary>Bytes that a label costs.</summary>
    public static int Size(ReadOnlySpan<byte> label) => label.IsEmpty ? 0 : 2 + label.Length;

    /// <summary>
    /// Takes the label off: it is empty when there is none. False when the header is cut or empty; then <paramref
    /// name="rest"/> is all.
    /// </summary>
    public static bool TryRead(ReadOnlySpan<byte> packet, out ReadOnlySpan<byte> label, out ReadOnlySpan<byte> rest)
    {
        label = default;
        rest = packet;
        if (packet.IsEmpty || packet[0] != (byte)MessageType.HasLabel) return true;
        if (packet.Length < 2 || packet[1] == 0 || packet.Length < 2 + packet[1]) return false;
        label = packet.Slice(2, packet[1]);
        rest = packet[(2 + packet[1])..];
        return true;
    }

    /// <summary>
    /// Writes the header; nothing for an empty label. The output has room for <see cref="Size"/> bytes.
    /// </summary>
    public static void Write(Span<byte> output, ReadOnlySpan<byte> label)
    {
        if (label.IsEmpty) return;
        output[0] = (byte)MessageType.HasLabel;
        output[1] = checked((byte)label.Length);
        label.CopyTo(output[2..]);
    }
}
