using System.Text.Json;
using System.Text.Json.Serialization;
using OpsBro.Core.Expressions;

namespace OpsBro.Api;

/// <summary>
/// A <see cref="Value"/> as JSON and back. Tuples and sets become arrays; a number that JSON has no word for (NaN, infinity) becomes null;
/// a dict key that is no text is written as its text.
/// </summary>
internal sealed class ValueConverter : JsonConverter<Value>
{
    /// <inheritdoc/>
    public override Value Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.True: return Value.Of(true);
            case JsonTokenType.False: return Value.Of(false);
            case JsonTokenType.String: return Value.Of(reader.GetString()!);
            case JsonTokenType.Number:
                return reader.TryGetInt64(out var integer) ? Value.Of(integer) : Value.Of(reader.GetDouble());
            case JsonTokenType.StartArray:
                List<Value> items = [];
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray) items.Add(Read(ref reader, typeToConvert, options));
                return Value.ListOf(items);
            case JsonTokenType.StartObject:
                var dict = new DictValue();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
                {
                    var key = reader.GetString()!;
                    reader.Read();
                    dict[key] = Read(ref reader, typeToConvert, options);
                }
                return Value.Of(dict);
            default:
                return Value.None;
        }
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, Value value, JsonSerializerOptions options)
    {
        switch (value.Kind)
        {
            case ValueKind.Bool:
                writer.WriteBooleanValue(value.AsBool);
                break;
            case ValueKind.Int:
                writer.WriteNumberValue(value.AsInt);
                break;
            case ValueKind.BigInt:
                writer.WriteRawValue(value.AsBigInt.ToString(System.Globalization.CultureInfo.InvariantCulture));
                break;
            case ValueKind.Float when double.IsFinite(value.AsFloat):
                writer.WriteNumberValue(value.AsFloat);
                break;
            case ValueKind.String:
                writer.WriteStringValue(value.AsString);
                break;
            case ValueKind.List or ValueKind.Tuple:
                writer.WriteStartArray();
                foreach (var item in value.AsList) Write(writer, item, options);
                writer.WriteEndArray();
                break;
            case ValueKind.Set:
                writer.WriteStartArray();
                foreach (var item in value.AsDict.Keys) Write(writer, item, options);
                writer.WriteEndArray();
                break;
            case ValueKind.Dict:
                writer.WriteStartObject();
                foreach (var (key, item) in value.AsDict.Entries)
                {
                    writer.WritePropertyName(KeyText(key));
                    Write(writer, item, options);
                }
                writer.WriteEndObject();
                break;
            default:
                writer.WriteNullValue();
                break;
        }
    }

    static string KeyText(Value key) => key.Str();
}
