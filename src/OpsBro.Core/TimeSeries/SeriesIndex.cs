using System.Text;

namespace OpsBro.Core.TimeSeries;

/// <summary>One node of the tree of names that a pattern matches.</summary>
/// <param name="Path">Dotted path from the root.</param>
/// <param name="IsLeaf">A series has this very name.</param>
/// <param name="HasChildren">Longer names begin with it.</param>
public readonly record struct SeriesNode(string Path, bool IsLeaf, bool HasChildren);

/// <summary>
/// Names of series and their numbers, the tree of their parts, and their tags. A known name in canonical form is found without garbage.
/// Not for several threads at once: its owner locks.
/// </summary>
/// <param name="seed">Of the hashes: one that nobody outside knows.</param>
public sealed partial class SeriesIndex(ulong seed)
{
    /// <summary>What is known of a series besides its name.</summary>
    struct Place
    {
        /// <summary>Node in the tree of names; <see cref="NameTree.None"/> when it has tags.</summary>
        public int Leaf;

        /// <summary>First of its tags' links.</summary>
        public int Links;
    }

    readonly ByteTable names = new(seed);
    readonly NameTree tree = new(seed + 1);
    Place[] places = [];

    /// <summary>Ends the question that is being answered: whoever asks writes the pattern, and its owner holds a lock meanwhile.</summary>
    public CancellationToken Cancel { get; set; }

    /// <summary>Series in it.</summary>
    public int Count => names.Count;

    /// <summary>All numbers are below it: the size of a table by number.</summary>
    public int End => names.End;

    /// <summary>Bytes that it takes, about.</summary>
    public long MemoryBytes => names.MemoryBytes + tree.MemoryBytes + tags.MemoryBytes + (places.Length * 8L) + LinkBytes;

    /// <summary>The number of a series; -1 when it is unknown. The tags may be in any order.</summary>
    public int Find(ReadOnlySpan<byte> name)
    {
        var id = names.Find(name);
        if (id >= 0 || !MayDiffer(name)) return id;
        Span<byte> canonical = stackalloc byte[SeriesName.MaxBytes];
        var length = SeriesName.Canonicalize(name, canonical);
        return length == 0 ? -1 : names.Find(canonical[..length]);
    }

    /// <summary>The number of a series, which is added when it is new.</summary>
    /// <param name="name">Its name; the tags may be in any order.</param>
    /// <param name="id">Its number: it stays until the series is removed, and may be another's afterwards.</param>
    /// <param name="isNew">It was added.</param>
    /// <returns>False when <see cref="SeriesName.Canonicalize"/> says that it is no name.</returns>
    public bool TryAdd(ReadOnlySpan<byte> name, out int id, out bool isNew)
    {
        isNew = false;
        id = names.Find(name);
        if (id >= 0) return true;
        Span<byte> canonical = stackalloc byte[SeriesName.MaxBytes];
        var length = SeriesName.Canonicalize(name, canonical);
        if (length == 0) return false;
        var clean = canonical[..length];
        id = names.Add(clean, out isNew);
        if (!isNew) return true;
        if (id >= places.Length) Array.Resize(ref places, Math.Max(16, id + 1 + (id / 2)));
        places[id] = new Place { Leaf = NameTree.None, Links = NameTree.None };
        if (clean.Contains((byte)';')) AddTags(id, clean);
        else
        {
            var node = NameTree.Root;
            foreach (var range in clean.Split((byte)'.')) node = tree.AddChild(node, clean[range]);
            tree.ValueOf(node) = id;
            places[id].Leaf = node;
        }
        return true;
    }

    /// <summary>True when a series has this number.</summary>
    public bool Has(int id) => names.Has(id);

    /// <summary>The canonical name of a series, UTF-8; valid until the next change.</summary>
    public ReadOnlySpan<byte> NameOf(int id) => names[id];

    /// <summary>The canonical name of a series.</summary>
    public string TextOf(int id) => Encoding.UTF8.GetString(names[id]);

    /// <summary>Forgets a series; its number may be given to another.</summary>
    public void Remove(int id)
    {
        if (!names.Has(id)) return;
        var leaf = places[id].Leaf;
        if (leaf == NameTree.None) RemoveTags(id);
        else
        {
            tree.ValueOf(leaf) = NameTree.None;
            tree.Prune(leaf);
        }
        names.Remove(id);
    }

    /// <summary>
    /// The series that a pattern matches part by part, in the order of their names. One with tags is found by its whole name only.
    /// </summary>
    /// <param name="pattern">Dotted; <c>*</c> and the others stay within a part.</param>
    /// <param name="into">Their numbers are added.</param>
    /// <param name="most">No more than so many.</param>
    /// <returns>False when there are more than <paramref name="most"/>.</returns>
    /// <exception cref="PatternException">It has alternatives for too many texts.</exception>
    public bool Match(string pattern, List<int> into, int most = int.MaxValue)
    {
        var begin = into.Count;
        if (pattern.Contains(';', StringComparison.Ordinal))
        {
            var id = Find(Encoding.UTF8.GetBytes(pattern));
            if (id >= 0) into.Add(id);
            return true;
        }
        foreach (var node in Nodes(pattern))
        {
            if (tree.ValueOf(node) == NameTree.None) continue;
            if (into.Count - begin >= most) return false;
            into.Add(tree.ValueOf(node));
        }
        SortByName(into, begin);
        return true;
    }

    /// <summary>The nodes of the tree of names that a pattern matches, in the order of their paths.</summary>
    /// <exception cref="PatternException">It has alternatives for too many texts.</exception>
    public IReadOnlyList<SeriesNode> Nodes(string pattern, int most)
    {
        List<SeriesNode> found = [];
        foreach (var node in Nodes(pattern))
        {
            if (found.Count == most) break;
            Cancel.ThrowIfCancellationRequested();
            found.Add(new SeriesNode(PathOf(node), tree.ValueOf(node) != NameTree.None, tree.FirstChildOf(node) != NameTree.None));
        }
        found.Sort((a, b) => string.CompareOrdinal(a.Path, b.Path));
        return found;
    }

    IEnumerable<int> Nodes(string pattern)
    {
        // as in Graphite, a backslash means nothing
        var parts = pattern.Replace("\\", "", StringComparison.Ordinal).Split('.');
        if (parts.Length > SeriesName.MaxParts) throw new PatternException($"a pattern of {parts.Length} parts; {SeriesName.MaxParts} is the most");
        List<int> level = [NameTree.Root];
        foreach (var part in parts)
        {
            var glob = new Glob(part);
            List<int> below = [];
            foreach (var node in level) AddChildren(node, glob, below);
            level = below;
            if (level.Count == 0) break;
        }
        return level;
    }

    void AddChildren(int node, Glob glob, List<int> into)
    {
        foreach (var literal in glob.Literals)
        {
            // one that a pattern beside it fits too comes with those
            if (!glob.IsLiteral && glob.MatchesVariant(literal)) continue;
            var child = tree.Child(node, literal);
            if (child != NameTree.None) into.Add(child);
        }
        if (glob.IsLiteral) return;
        for (var child = tree.FirstChildOf(node); child != NameTree.None; child = tree.NextOf(child))
        {
            Cancel.ThrowIfCancellationRequested();
            if (glob.MatchesVariant(tree.PartOf(child))) into.Add(child);
        }
    }

    string PathOf(int node)
    {
        var text = new StringBuilder();
        for (; node != NameTree.Root; node = tree.ParentOf(node))
        {
            if (text.Length > 0) text.Insert(0, '.');
            text.Insert(0, Encoding.UTF8.GetString(tree.PartOf(node)));
        }
        return text.ToString();
    }

    void SortByName(List<int> ids, int begin) =>
        ids.Sort(begin, ids.Count - begin, Comparer<int>.Create((a, b) => names[a].SequenceCompareTo(names[b])));

    /// <summary>Only names with tags or empty parts have another canonical form.</summary>
    static bool MayDiffer(ReadOnlySpan<byte> name) =>
        name.Contains((byte)';') || name.IndexOf(".."u8) >= 0 || (name.Length > 0 && (name[0] == '.' || name[^1] == '.'));
}
