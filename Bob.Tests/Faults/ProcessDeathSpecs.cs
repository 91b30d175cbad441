using System.Diagnostics;
using System.Globalization;
using AwesomeAssertions;
using Bob.Actors.Audio;
using Bob.Actors.Records;
using Bob.Host.Records;
using Bob.Simulator.Realtime;
using Bob.Simulator.Twilio;
using Bob.Tests.Calls;
using Bob.Tests.Recording;
using Microsoft.EntityFrameworkCore;
using Xunit;
using static Bob.Tests.Faults.SurvivingHouse;

namespace Bob.Tests.Faults;

/// <summary>The real process, killed in mid-sentence and started again: a pause, not an end. <c>BOB_REVIVALS</c> says how often; once when it says nothing.</summary>
public sealed class ProcessDeathSpecs(ITestOutputHelper output)
{
    private const string Greeting = "hello there";
    private const string WhereWereWe = "where were we";
    private const string Long = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen";

    private static readonly int Revivals = int.TryParse(Environment.GetEnvironmentVariable("BOB_REVIVALS"), CultureInfo.InvariantCulture, out var revivals) ? revivals : 1;

    private static readonly RealtimeScript Script = new()
    {
        Greeting = new Reply { Say = [Greeting] },
        Rules =
        [
            new ScriptRule { When = new Occasion { Message = ["Do not say that again"] }, Say = [WhereWereWe], GoesOn = true },
            new ScriptRule { When = new Occasion { Message = ["was cut off"] }, Say = [CutOff], GoesOn = true },
            new ScriptRule { When = new Occasion { Tool = "*" }, Silent = true },
            new ScriptRule { When = new Occasion { Turn = 1 }, Say = [Long] },
            new ScriptRule { When = new Occasion { Turn = 2 }, Say = ["second answer"] },
        ],
        Otherwise = new Reply { Say = ["out of turn"] },
    };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true, 300)] // Bob asks for the call
    [InlineData(true, 1)] // whoever is first
    [InlineData(false, 1)] // Twilio's fallback asks by itself
    public async Task P1_A_caller_whose_process_is_killed_in_mid_sentence_hears_so_and_goes_on_where_they_were(bool credentials, int fallback)
    {
        List<double> recoveries = [];
        await using var house = await SurvivingHouse.StartAsync(Script, credentials, fallback);
        for (var time = 0; time < Revivals; time++)
            recoveries.Add(await SurviveAsync(house));
        recoveries.Sort();
        output.WriteLine($"{Revivals} kills, {(credentials ? "asked for" : "by itself")}, fallback of {fallback} s: heard again {recoveries[recoveries.Count / 2]:0} ms (median) after the process was up again, {recoveries[^1]:0} ms at most");
    }

    [Fact]
    public async Task P1_A_call_that_is_over_has_its_end_within_five_seconds_and_calls_nobody_back()
    {
        await using var house = await SurvivingHouse.StartAsync(Script, credentials: true, fallback: null);
        var call = house.Twilio.PlaceCall(new CallPlan());
        await call.WaitForHeardAsync(500);
        (await house.Records.WhenAsync(db => db.Calls.AnyAsync(row => row.CallSid == call.CallSid), known => known)).Should().BeTrue("it is on record within a second");

        await house.KillAsync();
        (await call.Completion).EndReason.Should().Be(CallEndReason.WebhookFailed, "nobody was there to be asked");
        await house.StartBobAsync();
        var up = Stopwatch.GetTimestamp();
        var record = await house.Records.OfEndedAsync(call.CallSid);

        output.WriteLine($"the record had its end {Stopwatch.GetElapsedTime(up).TotalMilliseconds:0} ms after the process listened again");
        $"{record.Result}: {record.Reason}".Should().Be("Lost: process-died");
        house.Rest.Requests.Should().ContainSingle().Which.Method.Should().Be("POST");
        house.Bob.Lines.Should().NotContain(line => line.Contains("ERR"));
    }

    [Fact]
    public async Task P1_A_number_that_is_being_typed_is_not_lost_and_the_next_model_session_is_told_once()
    {
        await using var house = await SurvivingHouse.StartAsync(Script, credentials: true, fallback: 300);
        var call = house.Twilio.PlaceCall(new CallPlan { MaxDuration = TimeSpan.FromMinutes(3) });
        await call.WaitForHeardAsync(300);
        await call.WaitForQuietAsync();

        const string number = "471108153";
        List<TimeSpan> pressed = [];
        foreach (var key in number)
        {
            call.Dtmf(key.ToString());
            pressed.Add(call.Time);
            var next = call.Time + TimeSpan.FromMilliseconds(300);
            await call.WaitForAsync(one => one.Time >= next, "the next key");
        }

        await house.KillAsync();
        var durable = pressed.Count(time => time < call.Time - TimeSpan.FromSeconds(1));
        await house.StartBobAsync();
        var heard = call.HeardMs + (WholeHouse.Voice(CutOff).Length / 8);
        await call.WaitForAsync(one => one.HeardMs >= heard && one.CurrentStream?.Number == 2, "Bob heard again", TimeSpan.FromSeconds(30));
        var report = await call.HangUpAsync();

        durable.Should().BePositive();
        // In one piece, or in more where the machine made a pause between two keys.
        var sessions = house.Model.Sessions
            .Select(session => session.Conversation.Where(item => item.Text?.Contains("on the keypad") is true).Select(item => item.Text!.Split(' ')[3]).ToList())
            .ToList();
        var told = sessions[^1];
        sessions.Should().AllSatisfy(session => session.Should().Equal(told.Take(session.Count), "none is told of it twice"));
        var keys = string.Concat(told);
        number.Should().StartWith(keys);
        keys.Length.Should().BeGreaterThanOrEqualTo(durable);
        await house.Records.OfEndedAsync(report.CallSid);
        await using var db = RecordsDatabase.InFile(house.Records.Database).Open();
        (await db.Turns.Where(turn => turn.CallSid == report.CallSid && turn.Role == TurnRole.Keypad).OrderBy(turn => turn.Number).Select(turn => turn.Text).ToListAsync(Cancellation)).Should().Equal(told);
    }

    [Fact]
    public async Task T40_A_call_whose_re_pointing_fails_still_comes_back_by_itself()
    {
        await using var house = await SurvivingHouse.StartAsync(
            Script, credentials: true, fallback: 1, fault: _ => new RestFault { Status = 500, Code = 20500, Message = "Internal server error" });

        await SurviveAsync(house);
    }

    /// <summary>One call, cut off in the middle of its long sentence.</summary>
    /// <returns>From the moment in which Bob listened again to the caller's hearing him, ms.</returns>
    private async Task<double> SurviveAsync(SurvivingHouse house)
    {
        var call = house.Twilio.PlaceCall(new CallPlan { MaxDuration = TimeSpan.FromMinutes(3) });
        await call.WaitForHeardAsync(300);
        await call.WaitForQuietAsync();
        call.Speak(WholeHouse.Voice("good day"));
        var before = call.HeardMs;
        await call.WaitForHeardAsync((int)before + 2_000, TimeSpan.FromSeconds(30));

        await house.KillAsync();
        var (killed, heard) = (call.Time, call.HeardMs);
        await house.StartBobAsync();
        var up = call.Time;
        await call.WaitForAsync(one => one.HeardMs > heard && one.CurrentStream?.Number == 2, "Bob heard again", TimeSpan.FromSeconds(30));
        var again = call.Time;
        await call.WaitForHeardAsync((int)heard + (WholeHouse.Voice(CutOff).Length / 8) + 500, TimeSpan.FromSeconds(30));
        await call.WaitForQuietAsync(TimeSpan.FromSeconds(30));
        call.Speak(WholeHouse.Voice("and then"));
        var answered = call.HeardMs + (WholeHouse.Voice("second answer").Length / 8) - 40;
        await call.WaitForHeardAsync((int)answered, TimeSpan.FromSeconds(30));
        await call.WaitForQuietAsync(TimeSpan.FromSeconds(30));
        var report = await call.HangUpAsync();

        output.WriteLine(FormattableString.Invariant(
            $"killed at {killed.TotalSeconds:0.00} s, up at {up.TotalSeconds:0.00} s, heard again at {again.TotalSeconds:0.00} s ({(again - killed).TotalSeconds:0.00} s of silence)"));
        var (first, second) = (report.Playback[0].Audio, report.Playback[1].Audio);
        // When the model took a second on this machine, Bob has said so himself, and the model does not say it again.
        var clip = ModelFaults.ClipAudio(ClipName.CutOff);
        var told = second.AsSpan().StartsWith(clip);
        if (told)
            second = second[clip.Length..];
        var words = WholeHouse.Voice(told ? WhereWereWe : CutOff);
        second.AsSpan().TrimStart((byte)0xFF).StartsWith(words.AsSpan(0, 4000).TrimStart((byte)0xFF)).Should().BeTrue($"he says once that they were cut off\n{report.Story()}");
        second.AsSpan().IndexOf(WholeHouse.Voice("second answer").AsSpan(0, 4000)).Should().BePositive($"the model knows that this is the second turn\n{report.Story()}");
        second.AsSpan().IndexOf(WholeHouse.Voice(Greeting).AsSpan(0, 2000)).Should().BeNegative("nobody is greeted twice");
        ShouldGoOn(first, second.AsSpan(words.Length));
        await ShouldHaveOneRecordAsync(house, report);
        return (again - up).TotalMilliseconds;
    }

    /// <summary>The long sentence goes on about where it broke off: nothing is left out, and no more than its last two seconds are said again.</summary>
    private void ShouldGoOn(byte[] first, ReadOnlySpan<byte> rest)
    {
        var line = WholeHouse.Voice(Long);
        var at = -1;
        for (var look = 0; at < 0 && look < rest.Length - 800; look += 80)
        {
            if (rest.Slice(look, 800).ContainsAnyExcept((byte)0xFF))
                at = line.AsSpan().IndexOf(rest.Slice(look, 800));
        }

        var heard = first.AsSpan().LastIndexOfAnyExcept((byte)0xFF) + 1 - WholeHouse.Voice(Greeting).Length;
        at.Should().BePositive("the sentence goes on");
        output.WriteLine($"about {heard / 8} ms of the sentence had been heard, it went on at {at / 8} ms");
        ((heard - at) / 8.0).Should().BeInRange(-500, 2500);
    }

    private async Task ShouldHaveOneRecordAsync(SurvivingHouse house, CallReport report)
    {
        var record = await house.Records.OfEndedAsync(report.CallSid);
        $"{record.Result}: {record.Reason}".Should().Be("Completed: caller-hung-up");
        (record.Streams, record.Reconnects, record.Recording, record.RecordingFault).Should().Be((2, 1, $"{report.CallSid}.wav", "process died"));
        var entries = await new JournalStore(RecordsDatabase.InFile(house.Records.Database), "reader").EntriesAsync(new Bob.Actors.Calls.CallSid(report.CallSid), Cancellation);
        entries.Select(entry => entry.Number).Should().Equal(Enumerable.Range(1, entries.Count));
        entries.Count(entry => entry is JournalEntry.CallEnded).Should().Be(1);
        var sound = RecordedCall.Read(Path.Combine(house.Recordings, record.Recording!));
        sound.Duration.Should().BeGreaterThan(report.Streams[1].Started!.Value - report.Streams[0].Started!.Value);
        sound.Right.AsSpan().IndexOf(WholeHouse.Voice("hello").AsSpan(0, 800)).Should().BeGreaterThanOrEqualTo(0, "the beginning is there");
        sound.Right.AsSpan().IndexOf(WholeHouse.Voice("second answer").AsSpan(0, 800)).Should().BePositive("and what came after");
    }
}
