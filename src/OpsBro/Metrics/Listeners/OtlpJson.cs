using System.Globalization;
using System.Text.Json;
using Google.Protobuf;

namespace OpsBro.Metrics.Listeners;

/// <summary>
/// OTLP's JSON form (ProtoJSON with lowerCamelCase names) becomes the binary one, so that one reader knows what metrics mean. Whole numbers of
/// 64 bits may be texts, as ProtoJSON writes them; keys that no number comes from are left out.
/// </summary>
internal static class OtlpJson
{
    /// <summary>Lists and maps in attributes are the deepest.</summary>
    const int MaxDepth = 32;

    enum Kind
    {
        Text,
        Bool,
        Int64,
        SInt32,
        UInt32,
        Fixed64,
        SFixed64,
        Double,
        Message,
    }

    sealed record Field(int Number, Kind Kind, Shape? Shape = null);

    sealed class Shape : Dictionary<string, Field>;

    static readonly Shape value = new()
    {
        ["stringValue"] = new(1, Kind.Text),
        ["boolValue"] = new(2, Kind.Bool),
        ["intValue"] = new(3, Kind.Int64),
        ["doubleValue"] = new(4, Kind.Double),
    };

    static readonly Shape attribute = new() { ["key"] = new(1, Kind.Text), ["value"] = new(2, Kind.Message, value) };

    static readonly Shape number = new()
    {
        ["attributes"] = new(7, Kind.Message, attribute),
        ["timeUnixNano"] = new(3, Kind.Fixed64),
        ["asDouble"] = new(4, Kind.Double),
        ["asInt"] = new(6, Kind.SFixed64),
        ["flags"] = new(8, Kind.UInt32),
    };

    static readonly Shape histogram = new()
    {
        ["attributes"] = new(9, Kind.Message, attribute),
        ["timeUnixNano"] = new(3, Kind.Fixed64),
        ["count"] = new(4, Kind.Fixed64),
        ["sum"] = new(5, Kind.Double),
        ["bucketCounts"] = new(6, Kind.Fixed64),
        ["explicitBounds"] = new(7, Kind.Double),
        ["flags"] = new(10, Kind.UInt32),
        ["min"] = new(11, Kind.Double),
        ["max"] = new(12, Kind.Double),
    };

    static readonly Shape buckets = new() { ["offset"] = new(1, Kind.SInt32), ["bucketCounts"] = new(2, Kind.Int64) };

    static readonly Shape exponential = new()
    {
        ["attributes"] = new(1, Kind.Message, attribute),
        ["timeUnixNano"] = new(3, Kind.Fixed64),
        ["count"] = new(4, Kind.Fixed64),
        ["sum"] = new(5, Kind.Double),
        ["scale"] = new(6, Kind.SInt32),
        ["zeroCount"] = new(7, Kind.Fixed64),
        ["positive"] = new(8, Kind.Message, buckets),
        ["negative"] = new(9, Kind.Message, buckets),
        ["flags"] = new(10, Kind.UInt32),
        ["min"] = new(12, Kind.Double),
        ["max"] = new(13, Kind.Double),
        ["zeroThreshold"] = new(14, Kind.Double),
    };

    static readonly Shape quantile = new() { ["quantile"] = new(1, Kind.Double), ["value"] = new(2, Kind.Double) };

    static readonly Shape summary = new()
    {
        ["attributes"] = new(7, Kind.Message, attribute),
        ["timeUnixNano"] = new(3, Kind.Fixed64),
        ["count"] = new(4, Kind.Fixed64),
        ["sum"] = new(5, Kind.Double),
        ["quantileValues"] = new(6, Kind.Message, quantile),
        ["flags"] = new(8, Kind.UInt32),
    };

    static Shape PointsOf(Shape point) => new() { ["dataPoints"] = new(1, Kind.Message, point) };

    static readonly Shape metric = new()
    {
        ["name"] = new(1, Kind.Text),
        ["gauge"] = new(5, Kind.Message, PointsOf(number)),
        ["sum"] = new(7, Kind.Message, PointsOf(number)),
        ["histogram"] = new(9, Kind.Message, PointsOf(histogram)),
        ["exponentialHistogram"] = new(10, Kind.Message, PointsOf(exponential)),
        ["summary"] = new(11, Kind.Message, PointsOf(summary)),
    };

    static readonly Shape request = new()
    {
        ["resourceMetrics"] = new(1, Kind.Message, new Shape
        {
            ["resource"] = new(1, Kind.Message, new Shape { ["attributes"] = new(1, Kind.Message, attribute) }),
            ["scopeMetrics"] = new(2, Kind.Message, new Shape { ["metrics"] = new(2, Kind.Message, metric) }),
        }),
    };

    /// <summary>The binary form.</summary>
    /// <exception cref="InvalidDataException">It is no JSON, or not of this shape.</exception>
    public static byte[] ToProtobuf(ReadOnlyMemory<byte> json)
    {
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = MaxDepth });
            return Message(document.RootElement, request, "the body");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"the body is no JSON: {e.Message}", e);
        }
        catch (InvalidOperationException e)
        {
            throw new InvalidDataException($"the body has a text that is none: {e.Message}", e);   // no UTF-8, or half of a pair
        }
    }

    static byte[] Message(JsonElement element, Shape shape, string where)
    {
        if (element.ValueKind != JsonValueKind.Object) throw new InvalidDataException($"{where} is no JSON object");
        using var bytes = new MemoryStream();
        using (var output = new CodedOutputStream(bytes, leaveOpen: true))
        {
            foreach (var property in element.EnumerateObject())
            {
                if (!shape.TryGetValue(property.Name, out var field) || property.Value.ValueKind == JsonValueKind.Null) continue;
                if (property.Value.ValueKind != JsonValueKind.Array) Write(output, field, property.Value, property.Name);
                else foreach (var item in property.Value.EnumerateArray()) Write(output, field, item, property.Name);
            }
        }
        return bytes.ToArray();
    }

    static void Write(CodedOutputStream output, Field field, JsonElement element, string name)
    {
        output.WriteTag(field.Number, field.Kind switch
        {
            Kind.Text or Kind.Message => WireFormat.WireType.LengthDelimited,
            Kind.Fixed64 or Kind.SFixed64 or Kind.Double => WireFormat.WireType.Fixed64,
            _ => WireFormat.WireType.Varint,
        });
        switch (field.Kind)
        {
            case Kind.Message: output.WriteBytes(UnsafeByteOperations.UnsafeWrap(Message(element, field.Shape!, name))); break;
            case Kind.Text when element.ValueKind == JsonValueKind.String: output.WriteString(element.GetString()); break;
            case Kind.Text: throw Wrong(name, "a text");
            case Kind.Bool when element.ValueKind is JsonValueKind.True or JsonValueKind.False: output.WriteBool(element.GetBoolean()); break;
            case Kind.Bool: throw Wrong(name, "a boolean");
            case Kind.Double: output.WriteDouble(Double(element, name)); break;
            case Kind.Fixed64: output.WriteFixed64(Whole<ulong>(element, name)); break;
            case Kind.SFixed64: output.WriteSFixed64(Whole<long>(element, name)); break;
            case Kind.SInt32: output.WriteSInt32(Whole<int>(element, name)); break;
            case Kind.UInt32: output.WriteUInt32(Whole<uint>(element, name)); break;
            default: output.WriteInt64(Whole<long>(element, name)); break;
        }
    }

    static T Whole<T>(JsonElement element, string name) where T : struct, IParsable<T>
    {
        var text = element.ValueKind switch { JsonValueKind.Number => element.GetRawText(), JsonValueKind.String => element.GetString()!, _ => "" };
        return T.TryParse(text, CultureInfo.InvariantCulture, out var whole) ? whole : throw Wrong(name, "a whole number of its size");
    }

    static double Double(JsonElement element, string name) => element.ValueKind switch
    {
        JsonValueKind.Number => element.GetDouble(),
        JsonValueKind.String when element.GetString() is "NaN" => double.NaN,
        JsonValueKind.String when element.GetString() is "Infinity" => double.PositiveInfinity,
        JsonValueKind.String when element.GetString() is "-Infinity" => double.NegativeInfinity,
        JsonValueKind.String when double.TryParse(element.GetString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) => number,
        _ => throw Wrong(name, "a number"),
    };

    static InvalidDataException Wrong(string name, string wanted) => new($"{name} is not {wanted}");
}
