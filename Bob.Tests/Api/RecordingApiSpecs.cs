using System.Net;
using System.Net.Http.Headers;
using AwesomeAssertions;
using Bob.Actors.Calls;
using Bob.Host.Records;
using Bob.Tests.Records;
using Xunit;

namespace Bob.Tests.Api;

public sealed class RecordingApiSpecs : IAsyncLifetime
{
    private static readonly byte[] Sound = [.. Enumerable.Range(0, 1_000).Select(i => (byte)i)];

    private static readonly byte[] Secret = "nobody is to hear this"u8.ToArray();

    private ApiHost _bob = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _bob = await ApiHost.StartAsync();
        await File.WriteAllBytesAsync(Path.Combine(_bob.Recordings, "CA1.wav"), Sound, Cancellation);
        await File.WriteAllBytesAsync(Path.Combine(_bob.Recordings, "CA1.part"), Sound, Cancellation);
        await File.WriteAllBytesAsync(Path.Combine(_bob.Recordings, "..", "secret.wav"), Secret, Cancellation);
    }

    public ValueTask DisposeAsync() => _bob.DisposeAsync();

    [Fact]
    public async Task A_recording_is_heard_whole_or_in_parts()
    {
        await _bob.WriteAsync(Call("CA1", "CA1.wav"));

        var whole = await RangeAsync(null);
        var middle = await RangeAsync("bytes=100-199");
        var end = await RangeAsync("bytes=-10");
        var beyond = await RangeAsync("bytes=1000-");

        whole.StatusCode.Should().Be(HttpStatusCode.OK);
        whole.Content.Headers.ContentType!.ToString().Should().Be("audio/wav");
        whole.Headers.AcceptRanges.Should().Equal("bytes");
        whole.Headers.CacheControl!.NoStore.Should().BeTrue();
        (await whole.Content.ReadAsByteArrayAsync(Cancellation)).Should().Equal(Sound);
        middle.StatusCode.Should().Be(HttpStatusCode.PartialContent);
        middle.Content.Headers.ContentRange!.ToString().Should().Be("bytes 100-199/1000");
        (await middle.Content.ReadAsByteArrayAsync(Cancellation)).Should().Equal(Sound[100..200]);
        (await end.Content.ReadAsByteArrayAsync(Cancellation)).Should().Equal(Sound[^10..]);
        (await beyond.ShouldBeProblemAsync(416)).Should().Contain("Content-Range");
        beyond.Content.Headers.ContentRange!.Length.Should().Be(1_000);
        var head = await _bob.SendAsync(HttpMethod.Head, "/api/calls/CA1/recording");
        head.Content.Headers.ContentLength.Should().Be(1_000);
    }

    [Fact]
    public async Task What_went_on_in_another_place_is_heard_as_well()
    {
        await _bob.WriteAsync(Call("CA1", "CA1.wav"));
        await File.WriteAllBytesAsync(Path.Combine(_bob.Recordings, "CA1-2.wav"), Sound[..300], Cancellation);

        var second = await _bob.SendAsync(HttpMethod.Get, "/api/calls/CA1/recording?part=2");
        var third = await _bob.SendAsync(HttpMethod.Get, "/api/calls/CA1/recording?part=3");
        var none = await _bob.SendAsync(HttpMethod.Get, "/api/calls/CA1/recording?part=0");

        (await second.Content.ReadAsByteArrayAsync(Cancellation)).Should().Equal(Sound[..300]);
        (await third.ShouldBeProblemAsync(404)).Should().Contain("This call has no recording 3.");
        (await none.ShouldBeProblemAsync(400)).Should().Contain("part").And.Contain("is not a whole number from 1 to 99");
    }

    [Fact]
    public async Task A_record_may_name_its_file_with_the_folder()
    {
        await _bob.WriteAsync(Call("CA1", Path.Combine(_bob.Recordings, "CA1.wav")));

        (await RangeAsync(null)).StatusCode.Should().Be(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("../secret.wav")]
    [InlineData("./../secret.wav")]
    [InlineData("sub/../../secret.wav")]
    [InlineData("/etc/passwd")]
    [InlineData("../recordings-of-others/CA1.wav")]
    [InlineData("CA1.part")]
    [InlineData("CA1.wav\0.txt")]
    [InlineData("gone.wav")]
    [InlineData("")]
    [InlineData("link.wav")]
    public async Task D8_A_record_that_leads_elsewhere_leads_nowhere(string recording)
    {
        var neighbour = Path.Combine(_bob.Recordings, "..", "recordings-of-others");
        Directory.CreateDirectory(neighbour);
        await File.WriteAllBytesAsync(Path.Combine(neighbour, "CA1.wav"), Sound, Cancellation);
        File.CreateSymbolicLink(Path.Combine(_bob.Recordings, "link.wav"), "../secret.wav");
        await _bob.WriteAsync(Call("CA1", recording));

        var answer = await RangeAsync(null);

        (await answer.ShouldBeProblemAsync(404)).Should().Be("The recording of this call is not there any more.");
    }

    [Fact]
    public async Task D8_No_path_comes_from_a_client_in_200_ways_of_writing_one()
    {
        await _bob.WriteAsync(Call("CA1", "CA1.wav"));
        string[] up = ["..", ".", "%2e%2e", "%252e%252e", "%c0%ae%c0%ae", "%uff0e%uff0e", "....", "..%00", "~", "C:", ""];
        string[] between = ["/", "%2f", "%2F", "%252f", "%5c", "%c0%af", "//", "/./"];
        string[] targets = ["secret.wav", "secret.wav%00", "secret.wav%00.wav", "etc/passwd", "recordings/CA1.wav", "CA1.part", "link.wav"];
        File.CreateSymbolicLink(Path.Combine(_bob.Recordings, "link.wav"), "../secret.wav");
        var addresses = up.SelectMany(dots => between.SelectMany(slash => targets.SelectMany(target => new[]
        {
            $"/api/calls/{dots}{slash}{target}/recording",
            $"/api/calls/CA1{slash}{dots}{slash}{target}/recording",
            $"/api/calls/CA1/recording{slash}{dots}{slash}{dots}{slash}{target}",
        }))).Concat(["/api/calls/CA1.wav/recording", "/api/calls/CA1.part/recording"]).Distinct().ToList();
        addresses.Count.Should().BeGreaterThan(200);

        List<string> answered = [];
        foreach (var address in addresses)
        {
            var answer = await _bob.GetAsync(address);
            var body = await answer.Content.ReadAsByteArrayAsync(Cancellation);
            if (answer.StatusCode is not (HttpStatusCode.NotFound or HttpStatusCode.BadRequest) || body.AsSpan().IndexOf(Secret) >= 0)
                answered.Add($"{(int)answer.StatusCode} {address}");
        }

        // What the server reads as the plain address of the call itself, or of its recording, is no way out of the folder.
        answered.Should().OnlyContain(address => !address.Contains("secret") && !address.Contains("passwd") && !address.Contains("link"));
    }

    [Fact]
    public async Task A_call_without_a_recording_says_so()
    {
        await _bob.WriteAsync(Call("CA1", null));

        (await (await RangeAsync(null)).ShouldBeProblemAsync(404)).Should()
            .Be("This call was not recorded, its recording has not begun yet, or it was removed after KEEP_RECORDINGS_DAYS.");
        var live = Call("CA3", "CA3.wav");
        live.EndedAt = null;
        await _bob.WriteAsync(live);
        (await (await _bob.GetAsync("/api/calls/CA3/recording")).ShouldBeProblemAsync(404)).Should().Contain("still goes on");
        (await (await _bob.GetAsync("/api/calls/CA2/recording")).ShouldBeProblemAsync(404)).Should().Contain("No call");
    }

    private static CallRow Call(string callSid, string? recording) => new()
    {
        CallSid = callSid,
        Caller = "+15550100001",
        Called = "",
        Node = "node-1",
        StartedAt = Entries.Noon,
        EndedAt = Entries.Noon.AddMinutes(1),
        Step = CallPhase.Over,
        Recording = recording,
    };

    private Task<HttpResponseMessage> RangeAsync(string? range)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, "/api/calls/CA1/recording");
        if (range is not null)
            request.Headers.Range = RangeHeaderValue.Parse(range);
        return _bob.Http.SendAsync(request, Cancellation);
    }
}
