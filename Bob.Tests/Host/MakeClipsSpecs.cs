using AwesomeAssertions;
using Bob.Actors.Audio;
using Bob.Host.Configuration;
using Bob.Host.Voice;
using Bob.Simulator.Realtime;
using Bob.Simulator.Voice;
using Bob.Tests.Calls;
using Xunit;

namespace Bob.Tests.Host;

/// <summary>The command that has the model say the clips, against the simulated one.</summary>
public sealed class MakeClipsSpecs : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("bob-clips-");
    private readonly StringWriter _output = new(), _errors = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task The_model_says_every_clip_word_for_word_and_the_folder_can_be_used()
    {
        await using var model = await StartAsync(Obedient());

        (await RunAsync(model)).Should().Be(0, _errors.ToString());

        var settings = new Settings(SettingsSources.Of(new Dictionary<string, string> { ["CLIPS_DIRECTORY"] = _folder.FullName }).Values);
        var clips = ClipSettings.Read(settings, "/");
        settings.Faults.Should().BeEmpty();
        foreach (var (name, text) in ClipFiles.ShippedTexts)
        {
            var (clip, spoken) = (clips.Find(name)!, ScriptedVoice.Say(text));
            clip.Text.Should().Be(text);
            clip.Ms.Should().BeInRange(spoken.AudioMs - 60, spoken.AudioMs + 60, "it is what the model said, and not what Bob comes with");
        }

        model.Sessions.Should().OnlyContain(session => session.Errors.Count == 0).And.HaveCount(ClipFiles.ShippedTexts.Count);
        _output.ToString().Should().Contain("[bob] greeting: ").And.Contain($"set CLIPS_DIRECTORY to it");
    }

    [Fact]
    public async Task A_folder_says_what_is_to_be_said_in_it()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder.FullName, "clips.json"), """{ "filler": "Einen Moment bitte." }""", Cancellation);
        await using var model = await StartAsync(Obedient("Einen Moment bitte."));

        (await RunAsync(model)).Should().Be(0, _errors.ToString());

        var texts = ClipFiles.Texts(await File.ReadAllBytesAsync(Path.Combine(_folder.FullName, "clips.json"), Cancellation), out _)!;
        (texts[ClipName.Filler], texts[ClipName.Greeting]).Should().Be(("Einen Moment bitte.", ClipFiles.ShippedTexts[ClipName.Greeting]));
        _output.ToString().Should().Contain("“Einen Moment bitte.”");
    }

    [Fact]
    public async Task A_personas_folder_begins_with_the_words_of_the_folder_above_and_is_named_for_what_it_is()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder.FullName, "clips.json"), """{ "filler": "Einen Moment bitte.", "greeting": "Guten Tag." }""", Cancellation);
        var night = _folder.CreateSubdirectory("night").FullName;
        await File.WriteAllTextAsync(Path.Combine(night, "clips.json"), """{ "greeting": "Guten Abend." }""", Cancellation);
        await using var model = await StartAsync(Obedient("Einen Moment bitte.", "Guten Tag.", "Guten Abend."));

        (await RunAsync(model, $"{night}/", ("CLIPS_DIRECTORY", _folder.FullName))).Should().Be(0, _errors.ToString());

        var texts = ClipFiles.Texts(await File.ReadAllBytesAsync(Path.Combine(night, "clips.json"), Cancellation), out _)!;
        (texts[ClipName.Filler], texts[ClipName.Greeting]).Should().Be(("Einen Moment bitte.", "Guten Abend."));
        _output.ToString().Should().Contain($"clips are in {night}; they are said where CLIPS_DIRECTORY is {_folder.FullName} and BOB_PERSONA is night.");
    }

    [Fact]
    public async Task A_model_that_says_something_else_three_times_is_quoted_and_nothing_is_written()
    {
        await using var model = await StartAsync(new RealtimeScript { Otherwise = new Reply { Say = ["Sure, here it is."] } });

        (await RunAsync(model)).Should().Be(1);

        _errors.ToString().Should().Contain("greeting said something else: “Sure, here it is.”").And.Contain("Nothing was written");
        model.Connections.Should().Be(3);
        _folder.EnumerateFiles().Should().BeEmpty();
    }

    [Fact]
    public async Task A_model_that_refuses_is_asked_once()
    {
        await using var model = await StartAsync(new RealtimeScript
        {
            Faults = [new Fault { At = new FaultPoint { On = FaultMoment.Connect }, Do = FaultAction.Http, Status = 401, Times = 0 }],
        });

        (await RunAsync(model)).Should().Be(1);

        _errors.ToString().Should().Contain("greeting cannot be said: invalid-api-key").And.NotContain(WholeHouse.ApiKey);
        model.Connections.Should().Be(1);
    }

    [Fact]
    public async Task Without_a_model_there_is_nobody_to_say_it()
    {
        var sources = SettingsSources.Of(new Dictionary<string, string>());

        (await MakeClipsCommand.RunAsync([_folder.FullName], sources, _output, _errors, Cancellation)).Should().Be(1);
        (await MakeClipsCommand.RunAsync(["--help"], sources, _output, _errors, Cancellation)).Should().Be(2);

        _errors.ToString().Should().Contain("[bob] OPENAI_API_KEY: is not set");
    }

    private static Task<RealtimeSimulator> StartAsync(RealtimeScript script) =>
        RealtimeSimulator.StartAsync(new RealtimeSimulatorOptions { Script = script, ApiKey = WholeHouse.ApiKey }, Cancellation);

    /// <summary>A model that says what it is told to.</summary>
    private static RealtimeScript Obedient(params string[] more) => new()
    {
        Rules = [.. ClipFiles.ShippedTexts.Values.Concat(more).OrderByDescending(text => text.Length).Select(text => new ScriptRule { When = new Occasion { Instructions = [$"before or after it: {text}"] }, Say = [text] })],
    };

    private Task<int> RunAsync(RealtimeSimulator model, string? folder = null, params (string Key, string Value)[] settings) => MakeClipsCommand.RunAsync(
        [folder ?? _folder.FullName],
        SettingsSources.Of(settings.Append(("OPENAI_API_KEY", WholeHouse.ApiKey)).Append(("OPENAI_REALTIME_URL", model.Url.AbsoluteUri)).ToDictionary(setting => setting.Item1, setting => setting.Item2)),
        _output,
        _errors,
        Cancellation);
}
