namespace OpsBro.Core.NodeState;

/// <summary>The names of keys. Values are texts; docs/protocols/node-state.md says what stands in them.</summary>
public static class NodeKeys
{
    /// <summary><c>group/NAME</c>: the node has the group.</summary>
    public const string Group = "group/";

    /// <summary><c>check/ID</c>: the hard state of a check.</summary>
    public const string Check = "check/";

    /// <summary><c>service/ID</c>: the hard state of a service.</summary>
    public const string Service = "service/";

    /// <summary><c>fact/NAME</c>: something about the host.</summary>
    public const string Fact = "fact/";

    /// <summary><c>member/ZONE/NAME</c>: what a proxy knows of a member of its zone; starts with <see cref="MemberAlive"/> when it is alive.</summary>
    public const string Member = "member/";

    /// <summary>First letter of a member's value: it is alive.</summary>
    public const char MemberAlive = 'a';

    /// <summary>The node is a proxy of its zone when this is <c>1</c>. Set it first: zones below see proxies only.</summary>
    public const string Proxy = "fact/proxy";
}
