using System.Text;
using System.Text.RegularExpressions;
using OpsBro.Collectors.Declared.Formats;
using OpsBro.Core.Expressions;

namespace OpsBro.Tests.Collectors;

/// <summary>
/// Damaged answers: a parser gives a tree or a FormatException with line and column, whatever the bytes are.
/// </summary>
public class FormatFuzzTests
{
    const int Rounds = 4000;

    static readonly Regex[] patterns = [RegexText.Compile(@"(?<key>\w+): (?<n>\d+)"), RegexText.Compile(@"W(?<rest>.*)$")];

    static readonly Dictionary<string, (string Seed, Func<byte[], DictValue> Read)> formats = new()
    {
        ["json"] = ("""{"a": [1, -2.5e3, true, null, {"b\u00e9": "x\n"}], "c": {"d": 12345678901234567890}}""", bytes => JsonText.Read(bytes)),
        ["prometheus"] = (
            "# TYPE h histogram\nh_bucket{le=\"0.5\",p=\"a\\\\b\"} 3 1395066363000\nh_sum 1e-3\n# TYPE s summary\ns{quantile=\"0.9\"} NaN\nx{a=\"b\"} +Inf\n",
            bytes => PrometheusText.Read(Encoding.UTF8.GetString(bytes))),
        ["keyvalue"] = ("a=1\n# x\nb = \"two\"\nc.d=.5\n", bytes => KeyValueText.Read(Encoding.UTF8.GetString(bytes), "=")),
        ["csv"] = ("# a,b,c\n1,\"x \"\"y\"\"\",3\n\"q\nr\",,5\n",
            bytes => CsvText.Read(Encoding.UTF8.GetString(bytes), new CsvOptions(',', [], ["a"]))),
        ["regex"] = ("Reading: 0 Writing: 1 Waiting: 2\n", bytes => RegexText.Read(Encoding.UTF8.GetString(bytes), patterns)),
    };

    [Theory]
    [InlineData("json")]
    [InlineData("prometheus")]
    [InlineData("keyvalue")]
    [InlineData("csv")]
    [InlineData("regex")]
    public void Damage_gives_a_tree_or_an_error_with_a_place(string format)
    {
        var (seed, read) = formats[format];
        for (var round = 0; round < Rounds; round++)
        {
            var bytes = Damaged(Encoding.UTF8.GetBytes(seed), new Random(round));
            try
            {
                Assert.NotNull(read(bytes));
            }
            catch (FormatException e)
            {
                Assert.Matches("^line [0-9]+, column [0-9]+: ", e.Message);
                Assert.DoesNotContain('\n', e.Message);
            }
            catch (Exception e) when (e is not Xunit.Sdk.XunitException)
            {
                Assert.Fail($"round {round}: {e.GetType().Name} {e.Message} for {Convert.ToBase64String(bytes)}");
            }
        }
    }

    static byte[] Damaged(byte[] seed, Random random)
    {
        var bytes = seed.ToList();
        for (var i = random.Next(1, 8); i > 0; i--)
        {
            var at = random.Next(bytes.Count + 1);
            switch (random.Next(5))
            {
                case 0: bytes.Insert(at, (byte)random.Next(256)); break;
                case 1 when at < bytes.Count: bytes[at] = (byte)random.Next(256); break;
                case 2 when at < bytes.Count: bytes.RemoveRange(at, random.Next(bytes.Count - at)); break;
                case 3: bytes.InsertRange(at, bytes.Skip(random.Next(bytes.Count + 1)).Take(random.Next(20)).ToArray()); break;
                default: bytes.Insert(at, (byte)"{}[]\",:=#\\\n.0e-"[random.Next(15)]); break;
            }
        }
        return [.. bytes];
    }
}
