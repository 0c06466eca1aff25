namespace OpsBro.Config;

/// <summary>Values that no answer and no screen shows.</summary>
internal static class Secrets
{
    /// <summary>What is shown instead.</summary>
    public const string Stars = "********";

    static readonly string[] words = ["password", "passwd", "secret", "token", "tokens", "api_key", "apikey", "key_priv", "credentials", "encrypt", "auth_key"];

    /// <summary>True for a key whose value must not be shown, for instance <c>smtp_password</c> or <c>tokens</c>.</summary>
    public static bool IsSecretKey(string key)
    {
        foreach (var word in words)
            if (key.Equals(word, StringComparison.OrdinalIgnoreCase) || key.EndsWith("_" + word, StringComparison.OrdinalIgnoreCase)
                || key.EndsWith("-" + word, StringComparison.OrdinalIgnoreCase)) return true;
        return false;
    }
}
