using System.Collections.Concurrent;
using OpsBro.Core.Wire;

namespace OpsBro.Metrics.Listeners;

/// <summary>
/// Reads one shape of pickle and no other: a list of (name, (time, value)), as carbon's relays and clients write it with protocols 0 to 5. It
/// makes no objects, calls nothing and knows no classes: it is a stack of numbers, texts and pairs. Page: Python's pickletools.
/// A pair may be a list of two; a number may be text.
/// </summary>
internal sealed partial class PickleReader
{
    /// <summary>Values in one pickle: a megabyte of the shortest points has 190,000.</summary>
    const int MaxNodes = 1 << 18;

    /// <summary>Things that lie on the stack; a list is filled a thousand at a time.</summary>
    const int MaxStack = 1 << 16;

    /// <summary>Longest number in text.</summary>
    const int MaxDigits = 64;

    /// <summary>Readers kept for the next pickle.</summary>
    const int MaxKept = 4;

    const int NoNode = -1;

    static readonly ConcurrentBag<PickleReader> kept = [];

    readonly ByteList scratch = new();
    Node[] nodes = new Node[1024];
    int[] stack = new int[256], memo = new int[256], points = new int[256];
    int nodeCount, height, memoCount, at;

    enum Kind : byte
    {
        Mark,
        Number,
        /// <summary>A text of the pickle itself: A is its start, B its length.</summary>
        Text,
        /// <summary>A text that was written with escapes: in the scratch.</summary>
        Decoded,
        /// <summary>A list: the first two of its items are A and B.</summary>
        List,
        /// <summary>A tuple, in the same way.</summary>
        Tuple,
    }

    struct Node
    {
        public double Number;
        public int A, B, Count;
        public Kind Kind;
    }

    /// <summary>Why the last one was refused.</summary>
    public string Reason { get; set; } = "";

    /// <summary>Points of the last one.</summary>
    public int Count { get; set; }

    /// <summary>A reader that nobody else uses.</summary>
    public static PickleReader Rent() => kept.TryTake(out var reader) ? reader : new PickleReader();

    /// <summary>For the next one.</summary>
    public static void Return(PickleReader reader)
    {
        if (kept.Count < MaxKept) kept.Add(reader);
    }

    /// <summary>Reads a whole pickle; false when it is of another shape, and then nothing of it counts.</summary>
    public bool TryRead(ReadOnlySpan<byte> pickle)
    {
        (nodeCount, height, memoCount, at, Count, Reason) = (0, 0, 0, 0, 0, "");
        scratch.Clear();
        while (at < pickle.Length)
        {
            var op = pickle[at++];
            if (op == (byte)'.') return IsWhole(pickle);
            if (!Step(pickle, op))
            {
                if (Reason.Length == 0) Reason = $"the pickle is damaged at byte {at - 1}";
                return false;
            }
        }
        Reason = "the pickle ends early";
        return false;
    }

    /// <summary>One point of the pickle that was read last.</summary>
    public void Point(ReadOnlySpan<byte> pickle, int index, out ReadOnlySpan<byte> name, out double time, out double value)
    {
        ref var point = ref nodes[points[index]];
        ref var pair = ref nodes[point.B];
        name = TextOf(pickle, point.A);
        TryNumber(pickle, pair.A, out time);
        TryNumber(pickle, pair.B, out value);
    }

    bool IsWhole(ReadOnlySpan<byte> pickle)
    {
        if (at != pickle.Length) return Refuse("bytes follow the end of the pickle");
        if (height != 1 || nodes[stack[0]].Kind != Kind.List) return Refuse("the pickle is no list");
        for (var i = 0; i < Count; i++)
        {
            var point = nodes[points[i]];
            if (point is not { Kind: Kind.List or Kind.Tuple, Count: 2 }) return Refuse($"item {i} is no pair of name and (time, value)");
            if (nodes[point.A].Kind is not (Kind.Text or Kind.Decoded)) return Refuse($"the name of item {i} is no text");
            var pair = nodes[point.B];
            if (pair is not { Kind: Kind.List or Kind.Tuple, Count: 2 }) return Refuse($"item {i} has no pair of time and value");
            if (!TryNumber(pickle, pair.A, out _) || !TryNumber(pickle, pair.B, out _)) return Refuse($"time or value of item {i} is no number");
        }
        return true;
    }

    bool TryNumber(ReadOnlySpan<byte> pickle, int node, out double number)
    {
        number = nodes[node].Number;
        return nodes[node].Kind switch
        {
            Kind.Number => true,
            Kind.Text or Kind.Decoded => DecimalText.TryParse(TextOf(pickle, node), out number),
            _ => false,
        };
    }

    ReadOnlySpan<byte> TextOf(ReadOnlySpan<byte> pickle, int node)
    {
        var text = nodes[node];
        return text.Kind == Kind.Text ? pickle.Slice(text.A, text.B) : scratch.Written.Slice(text.A, text.B);
    }

    bool Refuse(string reason)
    {
        if (Reason.Length == 0) Reason = reason;
        return false;
    }

    bool Push(Node node)
    {
        if (nodeCount == MaxNodes) return Refuse($"the pickle has more than {MaxNodes} values");
        if (nodeCount == nodes.Length) Array.Resize(ref nodes, nodes.Length * 2);
        nodes[nodeCount] = node;
        return PushNode(nodeCount++);
    }

    bool PushNode(int node)
    {
        if (height == MaxStack) return Refuse($"the pickle is deeper than {MaxStack}");
        if (height == stack.Length) Array.Resize(ref stack, stack.Length * 2);
        stack[height++] = node;
        return true;
    }

    bool Number(double number) => Push(new Node { Kind = Kind.Number, Number = number });

    /// <summary>The last things on the stack become a tuple.</summary>
    bool Tuple(int count)
    {
        if (count > height) return false;
        var first = height - count;
        for (var i = first; i < height; i++)
            if (nodes[stack[i]].Kind == Kind.Mark) return false;
        var tuple = new Node { Kind = Kind.Tuple, Count = count, A = count > 0 ? stack[first] : NoNode, B = count > 1 ? stack[first + 1] : NoNode };
        height = first;
        return Push(tuple);
    }

    int MarkBelow()
    {
        for (var i = height - 1; i >= 0; i--)
            if (nodes[stack[i]].Kind == Kind.Mark) return i;
        return NoNode;
    }

    /// <summary>Everything above the last mark becomes a tuple or list.</summary>
    bool Collect(Kind kind)
    {
        var mark = MarkBelow();
        if (mark < 0) return false;
        var count = height - mark - 1;
        // the outermost list is filled by appending: no writer puts its items between the mark and the list
        if (mark == 0 && kind == Kind.List && count > 0) return Refuse("the items of the list stand before it");
        var (a, b) = (count > 0 ? stack[mark + 1] : NoNode, count > 1 ? stack[mark + 2] : NoNode);
        height = mark;
        return Push(new Node { Kind = kind, Count = count, A = a, B = b });
    }

    /// <summary>Appends what lies above a list to it; items of the outermost list are the points.</summary>
    bool Append(int list)
    {
        if (list < 0 || nodes[stack[list]].Kind != Kind.List) return false;
        ref var target = ref nodes[stack[list]];
        for (var i = list + 1; i < height; i++)
        {
            if (nodes[stack[i]].Kind == Kind.Mark)
            {
                if (i == list + 1) continue;   // the mark of APPENDS
                return false;
            }
            if (list == 0)
            {
                if (Count == points.Length) Array.Resize(ref points, points.Length * 2);
                points[Count++] = stack[i];
            }
            else if (target.Count == 0) target.A = stack[i];
            else if (target.Count == 1) target.B = stack[i];
            target.Count++;
        }
        height = list + 1;
        return true;
    }

    bool Put(uint key)
    {
        if (height == 0 || key >= MaxNodes) return false;
        if (key >= memo.Length) Array.Resize(ref memo, Math.Min(MaxNodes, Math.Max(memo.Length * 2, (int)key + 1)));
        while (memoCount <= key) memo[memoCount++] = NoNode;
        memo[key] = stack[height - 1];
        return true;
    }

    bool Get(uint key) => key < memoCount && memo[key] != NoNode && PushNode(memo[key]);
}
