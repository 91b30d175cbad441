using System.IO.Compression;
using System.Text;
using AwesomeAssertions;
using Bob.Actors.Twilio;
using Bob.Simulator.Twilio;
using Bob.Tests.Calls;
using Bob.Tests.Sockets;
using Xunit;
using static Bob.Tests.Faults.TwilioLine;

namespace Bob.Tests.Faults;

/// <summary>
/// The groups of the Autobahn suite over real connections to a whole house, one stream after the other, beside a call in which Bob speaks all the
/// time: its caller must not notice any of it.
/// </summary>
public sealed class TwilioFramingSpecs : IAsyncLifetime
{
    /// <summary>Some 100 s of tones: Bob has not said all of it when the spec is over.</summary>
    private static readonly string Speech = string.Concat(Enumerable.Repeat("the quick brown fox jumps over the lazy dog ", 40));

    private WholeHouse _house = null!;
    private SimulatedCall _bystander = null!;

    public async ValueTask InitializeAsync()
    {
        _house = await WholeHouse.StartAsync(Script(Speech));
        _bystander = _house.Twilio.PlaceCall(new CallPlan());
        await _bystander.WaitForHeardAsync(200);
    }

    public async ValueTask DisposeAsync() => await _house.DisposeAsync();

    [Fact]
    public async Task T7_T9_T10_Every_rule_holds_whether_its_bytes_come_at_once_or_one_by_one()
    {
        var broken = new List<string>();
        foreach (var (what, sent, comes) in FramingRules.For(MediaStreamReader.MaxMessageBytes))
        {
            var bytes = Frame.Bytes(sent, masked: true);
            foreach (var piece in new[] { bytes.Length, 1 }.Where(piece => piece > 1 || bytes.Length < 1500))
            {
                using var stream = await RawStream.OpenAsync(_house);
                var sending = SendAsync(stream, bytes, piece);
                if (await EndAsync(stream, comes, sending) is var code && code != Expected(comes))
                    broken.Add($"{what}, in pieces of {piece}: {code} in the place of {Expected(comes)}");
            }
        }

        broken.Should().BeEmpty();
        await ShouldNotHaveNoticedAsync();
    }

    [Fact]
    public async Task T9_Messages_in_any_number_and_in_any_cut_are_read_as_they_come()
    {
        using var many = await RawStream.OpenAsync(_house);
        using var cut = await RawStream.OpenAsync(_house);
        using var zeros = await RawStream.OpenAsync(_house);
        var message = """{"event":"nobody knows"}""";
        var largest = Encoding.UTF8.GetBytes(message.PadRight(MediaStreamReader.MaxMessageBytes));

        await many.SendBytesAsync([.. Enumerable.Repeat(Frame.Of(message).Bytes(masked: true), 20_000).SelectMany(bytes => bytes)]);
        await cut.SendBytesAsync(Frame.Bytes(largest.Chunk(64).Select((piece, i) => new Frame((byte)(i == 0 ? 1 : 0), piece)).Append(new Frame(Frame.Fin, [])), masked: true));
        await zeros.SendBytesAsync(Frame.Bytes([Frame.Of(message, 1), .. Enumerable.Repeat(new Frame(0, []), 20_000), new Frame(Frame.Fin, [])], masked: true));

        foreach (var stream in new[] { many, cut, zeros })
            (await EndAsync(stream, ["eof"], Task.CompletedTask)).Should().Be(1000, "it is read to its end");
        await ShouldNotHaveNoticedAsync();
    }

    [Fact]
    public async Task T42_What_is_compressed_although_nobody_agreed_to_it_is_not_unpacked()
    {
        using var packed = new MemoryStream();
        using (var deflate = new DeflateStream(packed, CompressionLevel.SmallestSize, leaveOpen: true))
            deflate.Write(new byte[50_000_000]);
        using var stream = await RawStream.OpenAsync(_house, "Sec-WebSocket-Extensions: permessage-deflate\r\n");

        packed.Length.Should().BeLessThan(MediaStreamReader.MaxMessageBytes);
        await stream.SendFrameAsync(0xC1, packed.ToArray());

        (await stream.EndAsync()).Should().Be(1002);
        await ShouldNotHaveNoticedAsync();
    }

    private static async Task SendAsync(RawStream stream, byte[] bytes, int piece)
    {
        foreach (var part in bytes.Chunk(Math.Max(1, piece)))
            await stream.SendBytesAsync(part);
    }

    /// <summary>The code that Bob ends the stream with; a third binary message is one too many here.</summary>
    private static int Expected(string[] comes) => comes[^1].Split(' ') switch
    {
        _ when comes.Count(came => came == "binary") >= 3 => 1003,
        ["violation", var code] => int.Parse(code, System.Globalization.CultureInfo.InvariantCulture),
        ["too", "big"] => 1009,
        ["close", "0", ..] => 1005,
        ["close", var code, ..] => int.Parse(code, System.Globalization.CultureInfo.InvariantCulture),
        _ => 1000,
    };

    /// <summary>How the stream ends: by itself; or, where it should go on, after it has shown that it does.</summary>
    private static async Task<int> EndAsync(RawStream stream, string[] comes, Task sending)
    {
        if (comes[^1] == "eof" && Expected(comes) == 1000)
        {
            await sending;
            await stream.SendBytesAsync(Frame.Ping("still there?").Bytes(masked: true));
            (byte First, byte[] Payload) next;
            do
            {
                next = await stream.NextAsync();
                if (next.First == RawStream.Close)
                    return -1;
            }
            while (next.First != RawStream.Pong || Encoding.UTF8.GetString(next.Payload) != "still there?");
            await stream.SendBytesAsync(Frame.Close(1000).Bytes(masked: true));
        }

        var code = await stream.EndAsync();
        await sending;
        return code;
    }

    private async Task ShouldNotHaveNoticedAsync()
    {
        await _bystander.WaitForHeardAsync((int)_bystander.HeardMs + 500);
        var report = await _bystander.HangUpAsync();
        byte[] heard = [.. report.Playback.SelectMany(stream => stream.Audio)];
        report.Warnings.Should().BeEmpty();
        report.Streams.Should().ContainSingle();
        heard.Should().HaveCountGreaterThan(4000);
        Lines(Speech).AsSpan().StartsWith(heard).Should().BeTrue("no moment of it is missing");
        _house.Lines.Should().NotContain(line => line.Contains(" ERR "));
    }
}
