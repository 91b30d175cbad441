using System.Net;
using System.Xml.Linq;
using AwesomeAssertions;
using Bob.Actors.Calls;
using Bob.Host.Calls;
using Microsoft.Extensions.DependencyInjection;
using Xunit;
using static Bob.Actors.Calls.CallProtocol;

namespace Bob.Tests.Host;

public sealed class CallProgressSpecs
{
    private static readonly CallSid Sid = new(RunningBob.CallSid);

    [Theory]
    [InlineData("completed")]
    [InlineData("busy")]
    [InlineData("failed")]
    [InlineData("no-answer")]
    [InlineData("canceled")]
    public async Task A_call_that_is_over_gets_an_empty_document(string status)
    {
        await using var bob = await RunningBob.StartAsync(_ => null);

        var response = await bob.PostAsync("/call-next", RunningBob.Call(("CallStatus", status)));

        (await Document(response)).Should().Be("<Response />");
        await AwaitAsked(bob, new CallOver(Sid, status));
    }

    [Fact]
    public async Task A_call_that_goes_on_gets_a_new_stream_after_a_pause_if_need_be()
    {
        await using var bob = await RunningBob.StartAsync(_ => new Resume("t2", Pause: true));

        var response = await bob.PostAsync("/call-next", RunningBob.Call(("CallStatus", "in-progress")));

        (await Document(response)).Should().StartWith("<Response><Pause length=\"1\" /><Connect ").And.Contain("value=\"t2\"");
        bob.Asked.Should().Equal(new GetNextStep(Sid, "in-progress"));
    }

    [Theory]
    [InlineData(null, "<Response><Hangup /></Response>")]
    [InlineData("Sorry & <goodbye>\0", "<Response><Say>Sorry &amp; &lt;goodbye&gt;</Say><Hangup /></Response>")]
    public async Task A_call_that_ends_is_hung_up(string? say, string document)
    {
        await using var bob = await RunningBob.StartAsync(_ => new HangUp(say));

        var response = await bob.PostAsync("/call-next", RunningBob.Call(("CallStatus", "in-progress")));

        (await Document(response)).Should().Be(document);
    }

    [Fact]
    public async Task A_stream_error_reaches_the_log_with_the_ids_of_its_call()
    {
        await using var bob = await RunningBob.StartAsync(_ => null);

        var response = await bob.PostAsync("/stream-status",
            RunningBob.Call(("StreamSid", "MZ1"), ("StreamEvent", "stream-error"), ("StreamError", new string('x', 1_000))));

        response.StatusCode.Should().Be(HttpStatusCode.NoContent);
        bob.Lines.Should().Contain($"[bob] WRN Twilio reports a stream error: {new string('x', 200)} ({Sid} MZ1)");
    }

    [Fact]
    public async Task What_is_logged_about_a_request_carries_the_call_and_the_stream_it_is_about()
    {
        await using var bob = await RunningBob.StartAsync(_ => null);

        await bob.PostAsync("/call-next", RunningBob.Call(("CallStatus", "in-progress"), ("StreamSid", "MZ1")));
        await bob.PostAsync("/call-next", RunningBob.Call(("CallStatus", "in-progress")));

        bob.Lines.Where(line => line.Contains("did not answer")).Should().Equal(
            $"[bob] ERR The calls did not answer GetNextStep in time ({Sid} MZ1)", $"[bob] ERR The calls did not answer GetNextStep in time ({Sid})");
    }

    [Fact]
    public async Task Other_reports_are_taken_note_of_in_silence()
    {
        await using var bob = await RunningBob.StartAsync(_ => null);

        (await bob.PostAsync("/stream-status", RunningBob.Call(("StreamEvent", "stream-stopped")))).StatusCode.Should().Be(HttpStatusCode.NoContent);
        (await bob.PostAsync("/call-status", RunningBob.Call(("CallStatus", "ringing"), ("Unknown", "1")))).StatusCode.Should().Be(HttpStatusCode.NoContent);
        bob.Asked.Should().BeEmpty();
    }

    [Fact]
    public async Task The_final_status_reaches_the_call_each_time_it_is_reported()
    {
        await using var bob = await RunningBob.StartAsync(_ => null);

        await bob.PostAsync("/call-status", RunningBob.Call(("CallStatus", "Completed")));
        await bob.PostAsync("/call-status", RunningBob.Call(("CallStatus", "completed")));

        await AwaitAsked(bob, new CallOver(Sid, "completed"), new CallOver(Sid, "completed"));
    }

    [Fact]
    public async Task A_call_of_which_is_asked_what_comes_next_is_waited_for_from_before_the_answer_on()
    {
        CallsTakenOver? takenOver = null;
        List<int> counted = [];
        await using var bob = await RunningBob.StartAsync(_ =>
        {
            counted.Add(takenOver!.Count);
            return counted.Count == 1 ? new HangUp(null) : new FallBack(Apologise: true);
        });
        takenOver = bob.Services.GetRequiredService<CallsTakenOver>();

        await bob.PostAsync("/call-next", RunningBob.Call(("CallStatus", "in-progress")));
        takenOver.Count.Should().Be(0);
        await bob.PostAsync("/call-next", RunningBob.Call(("CallStatus", "in-progress")));
        takenOver.Count.Should().Be(1);

        counted.Should().Equal(1, 1);
    }

    private static async Task<string> Document(HttpResponseMessage response)
    {
        response.StatusCode.Should().Be(HttpStatusCode.OK);
        return XDocument.Parse(await RunningBob.TextAsync(response)).Root!.ToString(SaveOptions.DisableFormatting);
    }

    private static async Task AwaitAsked(RunningBob bob, params object[] messages)
    {
        await bob.AwaitAsync(() => bob.Asked.Count >= messages.Length);
        bob.Asked.Should().Equal(messages);
    }
}
