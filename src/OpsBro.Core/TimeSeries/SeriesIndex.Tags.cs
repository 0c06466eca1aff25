using System.Text;

namespace OpsBro.Core.TimeSeries;

/// <content>Tags: for each tag and value the series that have it. A series without tags has the one tag <c>name</c>, which is not stored.</content>
public sealed partial class SeriesIndex
{
    /// <summary>One tag of one series, in the list of all that have it and in the list of the series' own.</summary>
    struct Link
    {
        public int Series, Node, Next, Previous, NextOfSeries;
    }

    /// <summary>Tags below the root, values below the tags; a value's number is its first link, the counts are series.</summary>
    readonly NameTree tags = new(seed + 2);
    readonly Stack<int> freeLinks = [];
    Link[] links = [];
    int linksEnd;

    long LinkBytes => (links.Length * 20L) + (freeLinks.Count * 4L);

    /// <summary>The series that fit every expression, in the order of their names.</summary>
    /// <param name="expressions">At least one must refuse a series that does not have its tag.</param>
    /// <param name="into">Their numbers are added.</param>
    /// <param name="most">No more than so many.</param>
    /// <returns>False when there are more than <paramref name="most"/>.</returns>
    /// <exception cref="PatternException">No expression refuses the absence of its tag, or a regex is none.</exception>
    public bool MatchTags(IReadOnlyList<TagExpression> expressions, List<int> into, int most = int.MaxValue)
    {
        TagTest[] tests = [.. expressions.Select(e => new TagTest(e))];
        var best = tests.Where(t => !t.FitsAbsence).MinBy(Candidates)
            ?? throw new PatternException("at least one tag expression must ask for a value that is not empty, as in name=cpu");
        var begin = into.Count;
        foreach (var id in SeriesOf(best))
        {
            Cancel.ThrowIfCancellationRequested();
            if (!tests.All(t => t == best || t.Fits(names[id]))) continue;
            if (into.Count - begin >= most) return false;
            into.Add(id);
        }
        SortByName(into, begin);
        return true;
    }

    /// <summary>Tags that series have, in order: all with a prefix, or those of the series that fit the expressions, without the tags of these.</summary>
    /// <exception cref="PatternException">As <see cref="MatchTags"/>.</exception>
    public IReadOnlyList<string> TagNames(IReadOnlyList<TagExpression> expressions, string prefix, int most)
    {
        var found = new SortedSet<string>(StringComparer.Ordinal);
        if (expressions.Count == 0)
        {
            if (Count > 0) found.Add("name");
            for (var node = tags.FirstChildOf(NameTree.Root); node != NameTree.None; node = tags.NextOf(node)) found.Add(Text(tags.PartOf(node)));
        }
        else
        {
            List<int> ids = [];
            MatchTags(expressions, ids);
            if (ids.Count > 0) found.Add("name");
            foreach (var id in ids)
            {
                for (var link = places[id].Links; link != NameTree.None; link = links[link].NextOfSeries)
                {
                    found.Add(Text(tags.PartOf(tags.ParentOf(links[link].Node))));
                }
            }
            found.ExceptWith(expressions.Select(e => e.Tag));
        }
        return [.. found.Where(t => t.StartsWith(prefix, StringComparison.Ordinal)).Take(most)];
    }

    /// <summary>Values of a tag with how many series have each, in order: all with a prefix, or those of the series that fit the expressions.</summary>
    /// <exception cref="PatternException">As <see cref="MatchTags"/>.</exception>
    public IReadOnlyList<(string Value, int Count)> TagValues(string tag, IReadOnlyList<TagExpression> expressions, string prefix, int most)
    {
        var found = new SortedDictionary<string, int>(StringComparer.Ordinal);
        if (expressions.Count == 0)
        {
            var node = tags.Child(NameTree.Root, Encoding.UTF8.GetBytes(tag));
            for (node = node == NameTree.None ? node : tags.FirstChildOf(node); node != NameTree.None; node = tags.NextOf(node))
            {
                Count(Text(tags.PartOf(node)), tags.CountOf(node));
            }
            if (tag == "name")
            {
                foreach (var id in Untagged()) Count(TextOf(id), 1);
            }
        }
        else
        {
            var key = Encoding.UTF8.GetBytes(tag);
            List<int> ids = [];
            MatchTags(expressions, ids);
            foreach (var id in ids)
            {
                var value = SeriesName.TagValue(names[id], key);
                if (!value.IsEmpty) Count(Text(value), 1);
            }
        }
        return [.. found.Take(most).Select(pair => (pair.Key, pair.Value))];

        void Count(string value, int series)
        {
            if (value.StartsWith(prefix, StringComparison.Ordinal)) found[value] = found.GetValueOrDefault(value) + series;
        }
    }

    /// <summary>The tags of a series and their values; <c>name</c> first.</summary>
    public IReadOnlyList<(string Tag, string Value)> TagsOf(int id)
    {
        var name = names[id];
        List<(string, string)> all = [("name", Text(SeriesName.WithoutTags(name)))];
        var rest = name[SeriesName.WithoutTags(name).Length..];
        while (SeriesName.TryTakeTag(ref rest, out var tag, out var value)) all.Add((Text(tag), Text(value)));
        return all;
    }

    static string Text(ReadOnlySpan<byte> utf8) => Encoding.UTF8.GetString(utf8);

    /// <summary>At most so many series must be looked at.</summary>
    int Candidates(TagTest test)
    {
        var all = test.IsName ? names.Count : 0;
        var node = tags.Child(NameTree.Root, test.Tag);
        if (!test.IsEqual) return node == NameTree.None ? all : Math.Max(all, tags.CountOf(node));
        var value = node == NameTree.None ? node : tags.Child(node, test.Value);
        return 1 + (value == NameTree.None ? 0 : tags.CountOf(value));
    }

    /// <summary>Every series that fits a test which refuses absence.</summary>
    IEnumerable<int> SeriesOf(TagTest test)
    {
        var key = tags.Child(NameTree.Root, test.Tag);
        if (test.IsEqual)
        {
            var id = test.IsName ? names.Find(test.Value) : -1;
            if (id >= 0) yield return id;
            var value = key == NameTree.None ? key : tags.Child(key, test.Value);
            foreach (var series in SeriesAt(value)) yield return series;
            yield break;
        }
        for (var value = key == NameTree.None ? key : tags.FirstChildOf(key); value != NameTree.None; value = tags.NextOf(value))
        {
            Cancel.ThrowIfCancellationRequested();
            if (!test.FitsValue(tags.PartOf(value))) continue;
            foreach (var series in SeriesAt(value)) yield return series;
        }
        if (!test.IsName) yield break;
        foreach (var id in Untagged())
        {
            Cancel.ThrowIfCancellationRequested();
            if (test.FitsValue(names[id])) yield return id;
        }
    }

    IEnumerable<int> SeriesAt(int value)
    {
        for (var link = value == NameTree.None ? value : tags.ValueOf(value); link != NameTree.None; link = links[link].Next) yield return links[link].Series;
    }

    IEnumerable<int> Untagged()
    {
        for (var id = 0; id < names.End; id++)
        {
            if (names.Has(id) && places[id].Leaf != NameTree.None) yield return id;
        }
    }

    void AddTags(int id, ReadOnlySpan<byte> name)
    {
        var dotted = SeriesName.WithoutTags(name);
        AddTag(id, "name"u8, dotted);
        var rest = name[dotted.Length..];
        while (SeriesName.TryTakeTag(ref rest, out var tag, out var value)) AddTag(id, tag, value);
    }

    void AddTag(int id, ReadOnlySpan<byte> tag, ReadOnlySpan<byte> value)
    {
        var key = tags.AddChild(NameTree.Root, tag);
        var node = tags.AddChild(key, value);
        if (!freeLinks.TryPop(out var link))
        {
            link = linksEnd++;
            if (link == links.Length) Array.Resize(ref links, Math.Max(16, link + (link / 2)));
        }
        ref var head = ref tags.ValueOf(node);
        links[link] = new Link { Series = id, Node = node, Next = head, Previous = NameTree.None, NextOfSeries = places[id].Links };
        if (head != NameTree.None) links[head].Previous = link;
        head = link;
        places[id].Links = link;
        tags.CountOf(key)++;
        tags.CountOf(node)++;
    }

    void RemoveTags(int id)
    {
        for (var link = places[id].Links; link != NameTree.None;)
        {
            var gone = links[link];
            if (gone.Previous != NameTree.None) links[gone.Previous].Next = gone.Next;
            else tags.ValueOf(gone.Node) = gone.Next;
            if (gone.Next != NameTree.None) links[gone.Next].Previous = gone.Previous;
            tags.CountOf(tags.ParentOf(gone.Node))--;
            tags.CountOf(gone.Node)--;
            tags.Prune(gone.Node);
            freeLinks.Push(link);
            link = gone.NextOfSeries;
        }
    }
}
