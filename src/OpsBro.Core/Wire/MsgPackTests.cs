using OpsBro.Core.Wire;

namespace OpsBro.Tests.Wire;

public class MsgPackTests
{
    delegate void Writing(MsgPackWriter writer);

    static byte[] Bytes(string hex) => Convert.FromHexString(hex.Replace(" ", ""));

    static string Written(Writing write)
    {
        var output = new SpanWriter();
        write(new MsgPackWriter(output));
        return Convert.ToHexStringLower(output.Written);
    }

    [Theory]
    [InlineData(0, "00")]
    [InlineData(127, "7f")]
    [InlineData(128, "cc80")]
    [InlineData(255, "ccff")]
    [InlineData(256, "cd0100")]
    [InlineData(65_535, "cdffff")]
    [InlineData(65_536, "ce00010000")]
    [InlineData(4_294_967_295, "ceffffffff")]
    [InlineData(4_294_967_296, "cf0000000100000000")]
    [InlineData(-1, "ff")]
    [InlineData(-32, "e0")]
    [InlineData(-33, "d0df")]
    [InlineData(-128, "d080")]
    [InlineData(-129, "d1ff7f")]
    [InlineData(-32_769, "d2ffff7fff")]
    [InlineData(-2_147_483_649, "d3ffffffff7fffffff")]
    public void Integers_take_the_smallest_form_and_come_back(long value, string hex)
    {
        var reader = new MsgPackReader(Bytes(hex));

        Assert.Equal(hex, Written(writer => writer.Signed(value)));
        Assert.Equal(value, reader.Signed());
        Assert.True(reader.Ok);
        Assert.True(reader.Rest.IsEmpty);
    }

    [Theory]
    [InlineData("cc05", 5UL)]
    [InlineData("d005", 5UL)]
    [InlineData("d30000000000000005", 5UL)]
    [InlineData("c0", 0UL)]
    [InlineData("cfffffffffffffffff", ulong.MaxValue)]
    public void Any_family_of_integers_is_read(string hex, ulong expected)
    {
        var reader = new MsgPackReader(Bytes(hex));

        Assert.Equal(expected, reader.Unsigned(ulong.MaxValue));
        Assert.True(reader.Ok);
    }

    [Theory]
    [InlineData("ff")]
    [InlineData("cd0100")]
    [InlineData("a0")]
    [InlineData("cb0000000000000000")]
    [InlineData("c1")]
    public void A_number_below_zero_or_too_large_or_of_another_type_is_malformed(string hex)
    {
        var reader = new MsgPackReader(Bytes(hex));

        reader.Unsigned(255);

        Assert.Equal(MsgPackFault.Malformed, reader.Fault);
    }

    [Theory]
    [InlineData("a3616263")]
    [InlineData("d903616263")]
    [InlineData("da0003616263")]
    [InlineData("db00000003616263")]
    [InlineData("c403616263")]
    [InlineData("c50003616263")]
    [InlineData("c600000003616263")]
    public void Text_and_bytes_are_read_in_old_and_new_forms(string hex)
    {
        var (text, bytes) = (new MsgPackReader(Bytes(hex)).Text(3), new MsgPackReader(Bytes(hex)).Blob(3));
        var short2 = new MsgPackReader(Bytes(hex));
        short2.Text(2);

        Assert.Equal("abc", text);
        Assert.Equal("abc"u8.ToArray(), bytes.Span.ToArray());
        Assert.Equal(MsgPackFault.Malformed, short2.Fault);
    }

    [Theory]
    [InlineData(31, "bf")]
    [InlineData(32, "da0020")]
    [InlineData(255, "da00ff")]
    [InlineData(65_536, "db00010000")]
    public void Text_is_written_in_the_old_forms_only(int length, string header) =>
        Assert.StartsWith(header + "78", Written(writer => writer.Text(new string('x', length))));

    [Fact]
    public void Nothing_and_empty_are_two_things_on_the_wire_and_equal_to_us()
    {
        var (nil, empty) = (new MsgPackReader(Bytes("c0")).Blob(9), new MsgPackReader(Bytes("a0")).Blob(9));

        Assert.True(nil.IsNil);
        Assert.False(empty.IsNil);
        Assert.Equal(nil, empty);
        Assert.Equal("c0", Written(writer => writer.Blob(nil)));
        Assert.Equal("a0", Written(writer => writer.Blob(empty)));
    }

    [Theory]
    [InlineData("66 6f 6f")]
    [InlineData("ff 66 fe")]
    [InlineData("c3 a9 c3")]
    [InlineData("f0 9f 92 80 f0 9f 92 80 80")]
    [InlineData("ed b2 80")]
    [InlineData("ef bf bd")]
    public void A_name_of_any_bytes_keeps_them(string hex)
    {
        var raw = Bytes(hex);
        var reader = new MsgPackReader([(byte)(0xa0 | raw.Length), .. raw]);

        var name = reader.Text(32);

        Assert.Equal(Convert.ToHexStringLower(raw), Written(writer => writer.Text(name))[2..]);
    }

    [Fact]
    public void A_surrogate_that_was_never_a_byte_is_written_as_the_replacement() =>
        Assert.Equal("a3efbfbd", Written(writer => writer.Text("\ud800")));

    [Fact]
    public void Numbers_with_a_fraction_are_read_from_all_forms()
    {
        Assert.Equal(1.5, new MsgPackReader(Bytes("cb3ff8000000000000")).Float());
        Assert.Equal(1.5, new MsgPackReader(Bytes("ca3fc00000")).Float());
        Assert.Equal(-1, new MsgPackReader(Bytes("ff")).Float());
        Assert.Equal("cb3ff8000000000000", Written(writer => writer.Float(1.5)));
    }

    [Theory]
    [InlineData("c3", true)]
    [InlineData("01", true)]
    [InlineData("c2", false)]
    [InlineData("00", false)]
    [InlineData("c0", false)]
    public void Truth_has_five_forms(string hex, bool expected)
    {
        var reader = new MsgPackReader(Bytes(hex));

        Assert.Equal(expected, reader.Bool());
        Assert.True(reader.Ok);
    }

    [Theory]
    [InlineData("05")]
    [InlineData("c0")]
    [InlineData("d903616263")]
    [InlineData("93 01 c0 a161")]
    [InlineData("dc0002 01 02")]
    [InlineData("82 a161 90 a162 80")]
    [InlineData("de0001 01 cf0000000000000000")]
    [InlineData("d4 01 02")]
    [InlineData("d8 01 00000000000000000000000000000000")]
    [InlineData("c7 02 01 0000")]
    [InlineData("c9 00000000 01")]
    public void Skipping_passes_over_exactly_one_value(string hex)
    {
        var reader = new MsgPackReader([.. Bytes(hex), 0x2a]);

        reader.Skip();

        Assert.Equal(42UL, reader.Unsigned(255));
        Assert.True(reader.Ok);
    }

    [Fact]
    public void Every_cut_of_a_value_is_truncated_and_says_how_much_is_missing()
    {
        var value = Bytes("83 a161 da0003616263 a162 9201cf0000000000000001 a163 c40100");
        for (var length = 0; length < value.Length; length++)
        {
            var reader = new MsgPackReader(value.AsSpan(0, length));

            reader.Skip();

            Assert.Equal(MsgPackFault.Truncated, reader.Fault);
            Assert.InRange(reader.Missing, 1, value.Length - length);
        }
    }

    [Fact]
    public void Nesting_and_numbers_of_items_have_limits()
    {
        var deep = new MsgPackReader([.. Enumerable.Repeat((byte)0x91, WireLimits.MaxDepth), 0]);
        var wide = new MsgPackReader([0xdc, 0x10, 0x00, .. new byte[4_096]]);
        var huge = new MsgPackReader(Bytes("dfffffffff 00"));
        var long1 = new MsgPackReader(Bytes("dbffffffff 00"));

        deep.Skip();
        wide.Skip();
        huge.Skip();
        long1.Skip();

        Assert.Equal(MsgPackFault.Malformed, deep.Fault);
        Assert.Equal(MsgPackFault.Malformed, wide.Fault);
        Assert.Equal(MsgPackFault.Malformed, huge.Fault);
        Assert.Equal(MsgPackFault.Malformed, long1.Fault);
    }

    [Fact]
    public void After_a_fault_nothing_moves()
    {
        var reader = new MsgPackReader(Bytes("a161 01 02"));
        reader.Unsigned(9);
        var at = reader.Consumed;

        Assert.Equal("", reader.Text(9));
        Assert.Equal(0, reader.Map(9));
        Assert.Equal(0, reader.Float());
        reader.Skip();

        Assert.Equal(at, reader.Consumed);
        Assert.True(reader.Rest.IsEmpty);
    }
}
