using System.Security.Cryptography;
using System.Text;
using Microsoft.Win32.SafeHandles;
using OpsBro.Core.Expressions;
using OpsBro.Platform;

namespace OpsBro.Evaluator;

/// <summary>Functions that make digests of texts and files.</summary>
internal static class HashFunctions
{
    static readonly Dictionary<string, HashAlgorithmName> algorithms = new()
    {
        ["md5"] = HashAlgorithmName.MD5,
        ["sha1"] = HashAlgorithmName.SHA1,
        ["sha256"] = HashAlgorithmName.SHA256,
        ["sha384"] = HashAlgorithmName.SHA384,
        ["sha512"] = HashAlgorithmName.SHA512,
    };

    /// <summary>Largest file hashed, in bytes.</summary>
    public const long MaxFileBytes = 1024L * 1024 * 1024;

    /// <summary>Adds all of them.</summary>
    public static void AddTo(FunctionTable table)
    {
        table.Add(new FunctionDoc("hash", "hash", "hash(string, algorithm)",
                "The digest of a text in hexadecimal: md5, sha1, sha224, sha256, sha384 or sha512."),
            a => Value.Of(Hex(a, new MemoryStream(Encoding.UTF8.GetBytes(a.Text(0))), a.Text(1))));
        table.Add(new FunctionDoc("file_hash_match", "hash", "file_hash_match(path, algorithm, hash_match)",
            "True when the file has that digest. False when it cannot be read or is larger than 1 GiB."), FileMatches);
    }

    static Value FileMatches(Arguments a)
    {
        try
        {
            var opened = RawFile.IsPlain(a.Text(0)) ? RawFile.Open(a.Text(0)) : -1;
            if (opened < 0) return Value.Of(false);
            using var handle = new SafeFileHandle(opened, ownsHandle: true);
            using var file = new FileStream(handle, FileAccess.Read, bufferSize: 0);
            if (file.Length > MaxFileBytes) return Value.Of(false);
            return Value.Of(string.Equals(Hex(a, file, a.Text(1)), a.Text(2).Trim(), StringComparison.OrdinalIgnoreCase));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Value.Of(false);   // what cannot be read does not match
        }
    }

    static string Hex(Arguments a, Stream content, string algorithm)
    {
        if (algorithm == "sha224") return Sha224.Hex(content);
        if (!algorithms.TryGetValue(algorithm, out var name))
            throw a.Fail($"there is no algorithm \"{algorithm}\"; use md5, sha1, sha224, sha256, sha384 or sha512");
        using var hash = IncrementalHash.CreateHash(name);
        var chunk = new byte[64 * 1024];
        while (content.Read(chunk) is var count and > 0) hash.AppendData(chunk, 0, count);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
