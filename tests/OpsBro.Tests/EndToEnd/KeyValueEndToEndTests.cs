using System.Text;
using System.Text.Json;
using static OpsBro.Tests.EndToEnd.KeyValueClient;

namespace OpsBro.Tests.EndToEnd;

/// <summary>Keys and values on one agent, from outside: routes, verbs, restarts.</summary>
public sealed class KeyValueEndToEndTests(LoneKeeper keeper) : IClassFixture<LoneKeeper>
{
    [Fact]
    public async Task A_key_is_written_read_and_removed()
    {
        var agent = await keeper.Empty();
        using var client = agent.Socket();

        var put = await Send(client, "PUT", "/v1/kv/app/mode", "fast");
        var get = await Send(client, "GET", "/v1/kv/app/mode");
        var raw = await Send(client, "GET", "/v1/kv/app/mode?raw");
        var head = await Send(client, "HEAD", "/v1/kv/app/mode?raw");
        var legacy = await Send(client, "GET", "/kv/app/mode");
        var keys = await Send(client, "GET", "/kv/");
        var removed = await Send(client, "DELETE", "/v1/kv/app/mode");
        var gone = await Send(client, "GET", "/v1/kv/app/mode");
        var legacyGone = await Send(client, "GET", "/kv/app/mode");
        var again = await Send(client, "DELETE", "/v1/kv/app/mode");

        Assert.Equal(200, put.Status);
        Assert.Equal(200, get.Status);
        var view = Json(get.Text);
        Assert.Equal("app/mode", $"{view.GetProperty("key")}");
        Assert.Equal("fast", $"{view.GetProperty("value")}");
        Assert.Equal("ZmFzdA==", $"{view.GetProperty("value_base64")}");
        Assert.Equal(VersionOf(put.Text), view.GetProperty("version").GetInt64());
        Assert.Equal(4, view.GetProperty("size").GetInt32());
        Assert.NotEqual("", $"{view.GetProperty("writer")}");
        Assert.True(view.GetProperty("time").GetDateTimeOffset() > DateTimeOffset.UtcNow.AddHours(-1));
        Assert.Equal((200, "fast"), (raw.Status, raw.Text));
        Assert.Equal($"{VersionOf(put.Text)}", raw.Answer.Headers.GetValues("X-Opsbro-Version").Single());
        Assert.Equal($"\"{VersionOf(put.Text)}\"", raw.Answer.Headers.ETag!.Tag);
        Assert.Equal((200, "", 4L), (head.Status, head.Text, head.Answer.Content.Headers.ContentLength));
        Assert.Equal((200, "ZmFzdA=="), (legacy.Status, legacy.Text));
        Assert.Equal((200, "[\"app/mode\"]"), (keys.Status, keys.Text));
        Assert.Equal(200, removed.Status);
        Assert.Equal((404, 404), (gone.Status, legacyGone.Status));
        Assert.Contains("no key is named", $"{Json(gone.Text).GetProperty("detail")}");
        Assert.Equal(200, again.Status);
    }

    [Theory]
    [InlineData("a%2Fb", "a/b")]
    [InlineData("a%20b%3Fc%23d", "a b?c#d")]
    [InlineData("%C3%A9t%C3%A9/%F0%9F%98%80", "été/😀")]
    [InlineData("50%25", "50%")]
    [InlineData("a//b/", "a//b/")]
    [InlineData("a/../b", "a/../b")]
    [InlineData("a+b&c=d", "a+b&c=d")]
    public async Task Keys_may_hold_anything_that_an_address_can(string written, string key)
    {
        var agent = await keeper.Empty();

        var put = await Plain(agent, $"PUT /v1/kv/{written} HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nConnection: close\r\n\r\nv");
        var listed = await agent.Ask("/v1/kv?recurse&keys");
        var got = await Plain(agent, $"GET /kv/{written}?raw HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 200", put);
        Assert.Equal([key], listed!.Value.GetProperty("keys").EnumerateArray().Select(k => $"{k}"));
        Assert.EndsWith("\r\n\r\nv", got);
    }

    /// <summary>A request as it is written: clients change addresses.</summary>
    static async Task<string> Plain(RunningAgent agent, string request)
    {
        using var socket = new System.Net.Sockets.Socket(System.Net.Sockets.AddressFamily.Unix, System.Net.Sockets.SocketType.Stream, 0);
        await socket.ConnectAsync(new System.Net.Sockets.UnixDomainSocketEndPoint(Path.Join(agent.Data, "opsbro.sock")));
        await using var stream = new System.Net.Sockets.NetworkStream(socket);
        await stream.WriteAsync(Encoding.UTF8.GetBytes(request));
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync();
    }

    [Fact]
    public async Task Bad_requests_are_told_what_to_write()
    {
        var agent = await keeper.Empty();
        using var client = agent.Socket();

        (string Method, string Path, int Status, string Words)[] cases =
        [
            ("GET", "/v1/kv/%FF", 400, "names no key"),
            ("GET", "/v1/kv/" + new string('k', 513), 400, "512"),
            ("GET", "/v1/kv/a%01b", 400, "control"),
            ("GET", "/v1/kv/a?consistency=strong", 400, "quorum"),
            ("GET", "/v1/kv/a?index=x", 400, "index"),
            ("GET", "/v1/kv/a?wait=x&index=1", 400, "wait"),
            ("GET", "/v1/kv/a?foo", 400, "no parameter \"foo\""),
            ("GET", "/v1/kv?limit=0", 400, "limit"),
            ("PUT", "/v1/kv/a?ttl=soon", 400, "ttl"),
            ("PUT", "/v1/kv/a?cas=-1", 400, "cas"),
            ("PUT", "/v1/kv/a?w=two", 400, "w"),
            ("POST", "/v1/kv/a", 405, "does not take POST"),
        ];
        foreach (var (method, path, status, words) in cases)
        {
            var said = await Send(client, method, path, method == "GET" ? null : "v");
            Assert.True(status == said.Status, $"{method} {path}: {said.Status} {said.Text}");
            Assert.Contains(words, $"{Json(said.Text).GetProperty("detail")}");
        }
        var chunk = new string('v', 64 * 1024);
        string Chunked(int count) => "PUT /v1/kv/a HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
            + string.Concat(Enumerable.Repeat($"{chunk.Length:x}\r\n{chunk}\r\n", count)) + "0\r\n\r\n";
        var chunked = await Plain(agent, Chunked(3));
        var readChunked = await Send(client, "GET", "/v1/kv/a?raw");
        var longChunked = await Plain(agent, Chunked(9));
        var long_ = await Send(client, "PUT", "/v1/kv/a", new string('v', 512 * 1024 + 1));
        var longest = await Send(client, "PUT", "/v1/kv/a", new string('v', 512 * 1024));
        var read = await Send(client, "GET", "/v1/kv/a?raw");

        Assert.StartsWith("HTTP/1.1 200", chunked);
        Assert.Equal(3 * chunk.Length, readChunked.Text.Length);
        Assert.StartsWith("HTTP/1.1 413", longChunked);
        Assert.Equal(413, long_.Status);
        Assert.Equal(200, longest.Status);
        Assert.Equal(512 * 1024, read.Text.Length);
    }

    [Fact]
    public async Task Over_tcp_everyone_reads_and_a_token_writes()
    {
        var agent = await keeper.Empty();
        using var client = agent.Http();

        var refused = await Send(client, "PUT", "/v1/kv/a", "1");
        var wrong = await Send(client, "PUT", "/v1/kv/a", "1", ("Authorization", "Bearer wrong"));
        var put = await Send(client, "PUT", "/v1/kv/a", "1", ("Authorization", $"Bearer {Token}"));
        var legacy = await Send(client, "PUT", "/kv/b", "2", ("Authorization", $"Bearer {Token}"));
        var batch = await Send(client, "POST", "/v1/kv", "[]");
        var deleted = await Send(client, "DELETE", "/kv/a");
        var read = await Send(client, "GET", "/kv/b?raw");

        Assert.Equal((403, 401, 200, 200, 403, 403), (refused.Status, wrong.Status, put.Status, legacy.Status, batch.Status, deleted.Status));
        Assert.Equal((200, "2"), (read.Status, read.Text));
    }

    [Fact]
    public async Task A_version_that_is_expected_decides()
    {
        var agent = await keeper.Empty();
        using var client = agent.Socket();
        await Until(client, "PUT", "/v1/kv/a?cas=0", "1");   // a node that just started may not decide yet
        var first = VersionOf((await Send(client, "GET", "/v1/kv/a")).Text);

        var again = await Send(client, "PUT", "/v1/kv/a?cas=0", "2");
        var wrong = await Send(client, "PUT", $"/v1/kv/a?cas={first - 1}", "2");
        var right = await Send(client, "PUT", $"/v1/kv/a?cas={first}", "2");
        var headerWrong = await Send(client, "PUT", "/v1/kv/a", "3", ("If-Match", $"\"{first}\""));
        var headerRight = await Send(client, "PUT", "/v1/kv/a", "3", ("If-Match", $"\"{VersionOf(right.Text)}\""));
        var notNew = await Send(client, "PUT", "/v1/kv/a", "4", ("If-None-Match", "*"));
        var isNew = await Send(client, "PUT", "/v1/kv/b", "4", ("If-None-Match", "*"));
        var notRemoved = await Send(client, "DELETE", $"/v1/kv/a?cas={first}");
        var removed = await Send(client, "DELETE", $"/v1/kv/a?cas={VersionOf(headerRight.Text)}");

        Assert.Equal((409, first), (again.Status, VersionOf(again.Text)));
        Assert.Equal((409, first), (wrong.Status, VersionOf(wrong.Text)));
        Assert.Equal(200, right.Status);
        Assert.Equal((412, VersionOf(right.Text)), (headerWrong.Status, VersionOf(headerWrong.Text)));
        Assert.Equal(200, headerRight.Status);
        Assert.Equal((412, 200), (notNew.Status, isNew.Status));
        Assert.Equal((409, 200), (notRemoved.Status, removed.Status));
        Assert.Equal(404, (await Send(client, "GET", "/v1/kv/a")).Status);
    }

    [Fact]
    public async Task A_key_with_a_time_to_live_vanishes_and_a_later_put_lets_it_stay()
    {
        var agent = await keeper.Empty();
        using var client = agent.Socket();

        await Send(client, "PUT", "/v1/kv/short?ttl=1", "x");
        await Send(client, "PUT", "/v1/kv/kept?ttl=1s", "x");
        await Send(client, "PUT", "/v1/kv/kept", "y");
        var long_ = Json((await Send(client, "PUT", "/v1/kv/long?ttl=1h", "x")).Text);
        var read = Json((await Send(client, "GET", "/v1/kv/long")).Text);

        await RunningAgent.Until(() => Send(client, "GET", "/v1/kv/short").GetAwaiter().GetResult().Status == 404, () => "the key stays");
        Assert.Equal("y", (await Send(client, "GET", "/v1/kv/kept?raw")).Text);
        Assert.InRange(read.GetProperty("ttl").GetDouble(), 3000, 3600);
        Assert.Equal(long_.GetProperty("version").GetInt64(), read.GetProperty("version").GetInt64());
        Assert.InRange(read.GetProperty("expires").GetDateTimeOffset(), DateTimeOffset.UtcNow.AddMinutes(50), DateTimeOffset.UtcNow.AddMinutes(70));
    }

    [Fact]
    public async Task Lists_go_by_prefix_by_level_and_by_page()
    {
        var agent = await keeper.Empty();
        using var client = agent.Socket();
        foreach (var key in (string[])["a", "d/1", "d/2", "d/e/1", "d/e/2", "d/f/1", "z"]) await Send(client, "PUT", "/v1/kv/" + key, "v" + key);

        static string Joined(JsonElement view, string name) => string.Join(' ', view.GetProperty(name).EnumerateArray());
        static (string, string) Of(JsonElement view) => (Joined(view, "keys"), Joined(view, "folders"));
        async Task<JsonElement> List(string query) => Json((await Send(client, "GET", "/v1/kv?" + query)).Text);

        Assert.Equal(("a z", "d/"), Of(await List("")));
        Assert.Equal(("d/1 d/2", "d/e/ d/f/"), Of(await List("prefix=d/")));
        Assert.Equal(("d/e/1 d/e/2", ""), Of(await List("prefix=d/e/")));
        Assert.Equal(("a d/1 d/2 d/e/1 d/e/2 d/f/1 z", ""), Of(await List("recurse")));
        Assert.Equal(("d/1 d/2 d/f/1", "d/e"), Of(await List("prefix=d/&separator=e")));
        var values = await List("recurse&values&prefix=d/e");
        Assert.Equal(["vd/e/1", "vd/e/2"], values.GetProperty("entries").EnumerateArray().Select(e => $"{e.GetProperty("value")}"));
        Assert.False((await List("keys")).TryGetProperty("entries", out _));

        var seen = new List<string>();
        for (string? after = ""; after is not null;)
        {
            var page = await List($"limit=1&after={Uri.EscapeDataString(after)}");
            seen.Add(string.Join("", Of(page).Item1, Of(page).Item2));
            after = page.TryGetProperty("next", out var next) ? $"{next}" : null;
        }
        Assert.Equal(["a", "d/", "z"], seen);
    }

    [Fact]
    public async Task A_blocking_query_waits_for_another_version()
    {
        var agent = await keeper.Empty();
        using var client = agent.Socket();

        var created = Send(client, "GET", "/v1/kv/blocked/a?index=0&wait=2m");
        var listed = Json((await Send(client, "GET", "/v1/kv?prefix=blocked/")).Text).GetProperty("index").GetInt64();
        var other = Send(client, "GET", $"/v1/kv?prefix=blocked/&index={listed}&wait=2m");
        var put = await Send(client, "PUT", "/v1/kv/blocked/a", "1");
        var first = await created;
        var again = Send(client, "GET", $"/v1/kv/blocked/a?index={VersionOf(put.Text)}&wait=2m");
        await Send(client, "DELETE", "/v1/kv/blocked/a");
        var over = await Send(client, "GET", "/v1/kv/never?index=0&wait=1ms");

        Assert.Equal((200, VersionOf(put.Text)), (first.Status, VersionOf(first.Text)));
        Assert.NotEqual(listed, Json((await other).Text).GetProperty("index").GetInt64());
        Assert.Equal(404, (await again).Status);
        Assert.Equal(404, over.Status);
    }

    [Fact]
    public async Task A_stream_tells_what_is_there_and_then_every_change()
    {
        var agent = await keeper.Empty();
        using var client = agent.Socket();
        await Send(client, "PUT", "/v1/kv/a/1", "one");
        using var patience = new CancellationTokenSource(RunningAgent.Patience * 2);
        await using var one = await client.GetStreamAsync(new Uri("http://opsbro/v1/kv/a/1?watch"), patience.Token);
        await using var many = await client.GetStreamAsync(new Uri("http://opsbro/v1/kv?prefix=a/&watch"), patience.Token);
        using var oneReader = new StreamReader(one);
        using var manyReader = new StreamReader(many);

        Assert.Equal("current a/1 one", await Next(oneReader, patience.Token));
        Assert.Equal("current a/1 ", await Next(manyReader, patience.Token));
        await Send(client, "PUT", "/v1/kv/b", "not watched");
        await Send(client, "PUT", "/v1/kv/a/1", "two");
        Assert.Equal("put a/1 two", await Next(oneReader, patience.Token));
        Assert.Equal("put a/1 ", await Next(manyReader, patience.Token));
        await Send(client, "PUT", "/v1/kv/a/2?ttl=1", "soon gone");
        Assert.Equal("put a/2 ", await Next(manyReader, patience.Token));
        Assert.Equal("expire a/2 ", await Next(manyReader, patience.Token));
        await Send(client, "DELETE", "/v1/kv/a/1");
        Assert.Equal("delete a/1 ", await Next(oneReader, patience.Token));
        Assert.Equal("delete a/1 ", await Next(manyReader, patience.Token));
    }

    static async Task<string> Next(StreamReader reader, CancellationToken cancel)
    {
        while (await reader.ReadLineAsync(cancel) is { } line)
        {
            if (!line.StartsWith("data: ", StringComparison.Ordinal)) continue;
            var item = Json(line[6..]);
            return $"{item.GetProperty("change")} {item.GetProperty("key")} {(item.TryGetProperty("entry", out var entry) ? entry.GetProperty("value") : "")}";
        }
        return "the stream ended";
    }

    [Fact]
    public async Task A_batch_gives_each_operation_its_result_in_order()
    {
        var agent = await keeper.Empty();
        using var client = agent.Socket();

        var said = Json((await Send(client, "POST", "/v1/kv", """
            [{"op":"put","key":"a","value":"1"},{"op":"get","key":"a"},{"op":"put","key":"a","value_base64":"/w==","ttl":60},{"op":"get","key":"a"},
             {"op":"get","key":"none"},{"op":"delete","key":"a"},{"op":"get","key":"a"}]
            """)).Text).EnumerateArray().ToList();

        Assert.Equal(["ok", "ok", "ok", "ok", "not_found", "ok", "not_found"], said.Select(r => $"{r.GetProperty("status")}"));
        Assert.Equal("1", $"{said[1].GetProperty("entry").GetProperty("value")}");
        Assert.Equal("/w==", $"{said[3].GetProperty("entry").GetProperty("value_base64")}");
        Assert.False(said[3].GetProperty("entry").TryGetProperty("value", out _));   // no text
        Assert.InRange(said[3].GetProperty("entry").GetProperty("ttl").GetDouble(), 1, 60);

        foreach (var (body, status, words) in ((string, int, string)[])
            [
                ("{}", 400, "JSON"), ("[{}]", 400, "op"), ("[{\"op\":\"put\",\"key\":\"a\"}]", 400, "no value"), ("[null]", 400, "op"),
                ("[{\"op\":\"puts\",\"key\":\"a\"}]", 400, "puts"), ("[{\"op\":\"get\"}]", 400, "no key"),
                ("[{\"op\":\"put\",\"key\":\"a\",\"value_base64\":\"?\"}]", 400, "base64"),
                ("[{\"op\":\"put\",\"key\":\"a\",\"value\":\"\",\"ttl\":0}]", 400, "ttl"),
                ($"[{string.Join(',', Enumerable.Repeat("{\"op\":\"get\",\"key\":\"a\"}", 1001))}]", 413, "1000"),
                ($"[{string.Join(',', Enumerable.Repeat($"{{\"op\":\"put\",\"key\":\"a\",\"value\":\"{new string('v', 400_000)}\"}}", 3))}]", 413, "1048576"),
            ])
        {
            var refused = await Send(client, "POST", "/v1/kv", body);
            Assert.True(status == refused.Status, $"{body[..Math.Min(80, body.Length)]}: {refused.Status} {refused.Text}");
            Assert.Contains(words, $"{Json(refused.Text).GetProperty("detail")}");
        }
    }
}
