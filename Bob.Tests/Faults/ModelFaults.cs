using System.Text;
using AwesomeAssertions;
using Bob.Actors.Audio;
using Bob.Actors.Calls;
using Bob.Actors.Tools;
using Bob.Host.Calls;
using Bob.Host.Voice;
using Bob.Simulator.Realtime;
using Bob.Simulator.Twilio;
using Bob.Tests.Calls;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Bob.Tests.Faults;

/// <summary>A stretch of one of the model's lines, as the caller heard it.</summary>
public sealed record HeardLine(string Line, int FromMs, int ToMs);

/// <summary>The small talk that the faults of the model's side fall into, and what must hold after each of them.</summary>
internal static class ModelFaults
{
    public const string Greeting = "Hello, this is Bob.";
    public const string Hours = "We open at nine o'clock and close at five today.";
    public const string Address = "You find us in Harbor Street.";
    public const string WhenOpen = "When are you open?";
    public const string WhereAreYou = "And where are you?";

    /// <summary>5 ms, in bytes: less cannot be told apart.</summary>
    private const int Shortest = 40;

    /// <summary>A greeting and two answers, all of tones, so that every byte tells where it is from.</summary>
    public static RealtimeScript Script(params Fault[] faults) => new()
    {
        Greeting = new Reply { Say = [Greeting] },
        Rules =
        [
            new ScriptRule { When = new Occasion { Turn = 1 }, Say = [Hours] },
            new ScriptRule { When = new Occasion { Turn = 2 }, Say = [Address] },
        ],
        CallerSays = [WhenOpen, WhereAreYou],
        Faults = faults,
    };

    /// <summary>A tool that every call has.</summary>
    public static Action<WebApplicationBuilder> Tool(string name, Func<Task<string>> run) => builder =>
        builder.Services.AddSingleton<ToolFactory>(_ => [AIFunctionFactory.Create(run, name)]);

    public static int Ms(string line) => WholeHouse.Voice(line).Length / 8;

    /// <summary>
    /// What the caller heard, as stretches of <paramref name="lines"/>; what is none of them is a <c>?</c>. Silence between them does not count, and neither do
    /// clips that were heard whole: see <see cref="HeardClip"/>.
    /// </summary>
    public static List<HeardLine> Heard(CallReport report, params string[] lines)
    {
        var heard = WithoutClips(report);
        var clips = lines.Select(line => (Line: line, Clip: WholeHouse.Voice(line))).ToList();
        var found = new List<HeardLine>();
        var unknown = 0;
        for (var at = 0; at < heard.Length;)
        {
            if (heard[at] == 0xFF)
            {
                at++;
                continue;
            }

            var best = clips.Select(clip => (clip.Line, Place: LongestAt(heard.AsSpan(at), clip.Clip))).MaxBy(clip => (clip.Place.Length, clip.Place.From == 0));
            if (best.Place.Length >= Shortest)
            {
                found.Add(new HeardLine(best.Line, best.Place.From / 8, (best.Place.From + best.Place.Length) / 8));
                (at, unknown) = (at + best.Place.Length, 0);
                continue;
            }

            if (++unknown == Shortest)
                found.Add(new HeardLine("?", at / 8, at / 8));
            at++;
        }

        return found;
    }

    /// <summary>The caller heard these lines, each whole and once; a line that a lost session cut may begin anew with its last second.</summary>
    public static void ShouldHaveHeardLines(this CallReport report, params string[] lines)
    {
        var heard = Heard(report, [.. lines.Distinct()]);
        var left = new Queue<HeardLine>(heard);
        foreach (var line in lines)
        {
            var toMs = 0;
            while (toMs < Ms(line))
            {
                left.TryDequeue(out var next).Should().BeTrue($"all of “{line}” should have been heard, not {Shown(heard)}");
                next!.Line.Should().Be(line, $"it was not yet heard to its end in {Shown(heard)}");
                next.FromMs.Should().BeInRange(Math.Max(0, toMs - 999), toMs + 1, $"nothing may be missing and nothing said again in {Shown(heard)}");
                toMs = next.ToMs;
            }
        }

        left.Should().BeEmpty($"nothing else should have been heard than the lines once in {Shown(heard)}");
    }

    /// <summary>The caller heard that Bob is sorry, in Bob's voice or in Twilio's, and was asked for a message once.</summary>
    public static void ShouldHaveApologised(this CallReport report, bool inBobsVoice = true)
    {
        report.HeardClip(ClipName.Apology).Should().Be(inBobsVoice ? 1 : 0);
        var document = report.TwimlDocuments.Should().ContainSingle(document => document.Contains("<Record")).Subject;
        if (inBobsVoice)
            document.Should().NotContain(CallFallback.Apology, "nobody says it twice");
        else
            document.Should().Contain($"<Say>{CallFallback.Apology} ");
    }

    /// <summary>How often the caller heard a clip, whole.</summary>
    public static int HeardClip(this CallReport report, ClipName name) => report.ClipHeardAt(name).Count;

    /// <summary>Where in what the caller heard of the streams a clip began, ms.</summary>
    public static IReadOnlyList<int> ClipHeardAt(this CallReport report, ClipName name)
    {
        var clip = ClipAudio(name);
        var heard = report.Playback.SelectMany(stream => stream.Audio).ToArray();
        List<int> found = [];
        for (var at = 0; heard.AsSpan(at).IndexOf(clip) is >= 0 and var next; at += next + clip.Length)
            found.Add((at + next) / 8);
        return found;
    }

    /// <summary>The μ-law of a clip that comes with Bob.</summary>
    public static byte[] ClipAudio(ClipName name)
    {
        var clip = ClipFiles.ShippedClips().Single(clip => clip.Name == name);
        return [.. clip.Say(clip.Item("any")).SelectMany(audio => Convert.FromBase64String(Encoding.ASCII.GetString(audio.Base64))[..(audio.Bytes - audio.Padding)])];
    }

    /// <summary>One end record, no key in any line, and nothing of the call is left.</summary>
    /// <param name="frozen">Sessions that read nothing any more, so that they cannot know that Bob is gone.</param>
    public static async Task ShouldBeOverAsync(this WholeHouse house, CallReport report, CallEnd end, int frozen = 0)
    {
        Tell(house, report);
        (await house.EndOfAsync(report.CallSid)).Should().Be(end);

        await house.EmptyAsync(frozen);

        house.Model.OpenSessions.Should().BeLessThanOrEqualTo(frozen);
        house.Lines.Should().NotContain(line => line.Contains(WholeHouse.ApiKey) || line.Contains(WholeHouse.AuthToken));
        house.Ends.Should().ContainSingle();
    }

    private static byte[] WithoutClips(CallReport report)
    {
        var heard = report.Playback.SelectMany(stream => stream.Audio).ToArray();
        foreach (var clip in Enum.GetValues<ClipName>().Select(ClipAudio))
        {
            while (heard.AsSpan().IndexOf(clip) is >= 0 and var at)
                heard.AsSpan(at, clip.Length).Fill(0xFF);
        }

        return heard;
    }

    private static string Shown(IEnumerable<HeardLine> heard) => string.Join(", ", heard.Select(part => $"“{part.Line}” {part.FromMs}–{part.ToMs} ms"));

    /// <summary>The longest stretch of the clip that the heard audio begins with.</summary>
    private static (int From, int Length) LongestAt(ReadOnlySpan<byte> heard, ReadOnlySpan<byte> clip)
    {
        var best = (From: 0, Length: 0);
        for (var from = 0; from < clip.Length - best.Length; from++)
        {
            var length = heard.CommonPrefixLength(clip[from..]);
            if (length > best.Length)
                best = (from, length);
        }

        return best;
    }

    private static void Tell(WholeHouse house, CallReport report)
    {
        var output = TestContext.Current.TestOutputHelper!;
        foreach (var line in report.Transcript)
            output.WriteLine($"{line.Ms,7} {line.Who}: {line.What}");
        foreach (var line in house.Lines)
            output.WriteLine(line);
        foreach (var session in house.Model.Sessions)
        {
            foreach (var item in session.Conversation)
                output.WriteLine($"model {session.Number}: {(item.FromClient ? "given" : "own")} {item.Type} {item.Role} {item.ContentType} {item.Status} {item.Text}{item.Arguments}{item.Output}");
            foreach (var error in session.Errors)
                output.WriteLine($"model {session.Number}: {error}");
        }
    }
}
