using AwesomeAssertions;
using Bob.Actors.Calls;
using Bob.Actors.Costs;
using Bob.Actors.Realtime;
using Bob.Host.Configuration;
using Xunit;

namespace Bob.Tests.Host;

public sealed class BobOptionsSpecs
{
    [Theory]
    [InlineData("PORT", "70000", "not a whole number from 0 to 65535")]
    [InlineData("PORT", "three thousand", "such as 3000")]
    [InlineData("SERVER_URL", "bob.example.com", "not a plain web address")]
    [InlineData("SERVER_URL", "ftp://bob.example.com", "not a plain web address")]
    [InlineData("SERVER_URL", "https://bob.example.com/voice", "without a path")]
    [InlineData("SERVER_URL", "https://bob.example.com?x=1", "without a path, a query")]
    [InlineData("SERVER_URL", "https://bob.example.com#x", "or a fragment")]
    [InlineData("SERVER_URL", "https://user:secret@bob.example.com", "the value (not shown)")]
    [InlineData("SERVER_URL", "http://bob.example.com", "Write https://")]
    [InlineData("TWILIO_ACCOUNT_SID", "PN00000000000000000000000000000001", "AC and 32 characters")]
    [InlineData("TWILIO_AUTH_TOKEN", "two words", "Copy it again")]
    [InlineData("TWILIO_AUTH_TOKEN_SECONDARY", "alone", "without TWILIO_AUTH_TOKEN")]
    [InlineData("TWILIO_PHONE_NUMBER", "555-0100", "Write it like +15550100002")]
    [InlineData("OPENAI_API_KEY", "k\tey", "Copy it again")]
    [InlineData("OPENAI_REALTIME_URL", "https://api.openai.com/v1/realtime", "not a plain WebSocket address")]
    [InlineData("OPENAI_REALTIME_URL", "wss://api.openai.com/v1/realtime?model=x", "Bob adds the model itself")]
    [InlineData("OPENAI_REALTIME_URL", "ws://model.example.com/v1/realtime", "Write wss://")]
    [InlineData("OPENAI_REALTIME_MODEL", "gpt realtime", "such as gpt-realtime-2.1")]
    [InlineData("OPENAI_VOICE", "marine", "Write one of alloy")]
    [InlineData("OPENAI_VOICE_SPEED", "2", "not a number from 0.25 to 1.5")]
    [InlineData("OPENAI_VOICE_SPEED", "1,2", "with a decimal point")]
    [InlineData("MODEL_2_KEY", "alone", "is set, but neither MODEL_2_URL nor MODEL_2_NAME is")]
    [InlineData("MODEL_2_NAME", "gpt-realtime-1.5", "is set, but without OPENAI_API_KEY calls are rehearsed")]
    [InlineData("BOB_PERSONA", "../night", "is not a short name")]
    [InlineData("BOB_PERSONA", "a name that has more than forty characters", "is not a short name")]
    [InlineData("BOB_INSTRUCTIONS", "prompts/none.md", "there is no file")]
    [InlineData("TRANSCRIPTION_LANGUAGE", "english", "two letters such as en")]
    [InlineData("TURN_DETECTION", "vad", "Write one of server_vad, semantic_vad")]
    [InlineData("VAD_THRESHOLD", "1.5", "\"1.5\" is not a number from 0 to 1")]
    [InlineData("VAD_THRESHOLD", "NaN", "not a number from 0 to 1")]
    [InlineData("VAD_PREFIX_PADDING_MS", "-1", "from 0 to 5000")]
    [InlineData("VAD_SILENCE_DURATION_MS", "500.5", "not a whole number")]
    [InlineData("VAD_EAGERNESS", "eager", "Write one of low, medium, high, auto")]
    [InlineData("VAD_INTERRUPT_RESPONSE", "maybe", "Write true or false")]
    [InlineData("NOISE_REDUCTION", "some", "Write one of near_field, far_field, none")]
    [InlineData("MAX_CALL_SECONDS", "0", "from 1 to 86400")]
    [InlineData("MAX_CALLS", "0", "from 1 to 10000")]
    [InlineData("DIAL_EARLY", "2", "Write true or false")]
    [InlineData("SILENCE_PROMPT_SECONDS", "0", "from 1 to 600")]
    [InlineData("SILENCE_GOODBYE_SECONDS", "10", "not longer than SILENCE_PROMPT_SECONDS (10)")]
    [InlineData("TOOL_TIMEOUT_SECONDS", "1000", "from 1 to 120")]
    [InlineData("FILLER_AFTER_MS", "-1", "from 0 to 10000")]
    [InlineData("FALLBACK", "robot", "Write one of voicemail, human, hangup")]
    [InlineData("FALLBACK", "human", "is not set, and FALLBACK is human", "FALLBACK_NUMBER")]
    [InlineData("FALLBACK_NUMBER", "555-0100", "is not a phone number in E.164")]
    [InlineData("CLIPS_DIRECTORY", "no/such/folder", "cannot be read")]
    [InlineData("TWILIO_API_URL", "http://api.twilio.com", "is not a plain https address")]
    [InlineData("RECORDING", "sometimes", "Write true or false")]
    [InlineData("DATABASE_URL", "Host=db;Password=secret", "Write postgresql://USER:PASSWORD@HOST:5432/DATABASE")]
    [InlineData("DATABASE_URL", "postgresql://bob@db", "is not the address of a PostgreSQL database")]
    [InlineData("DATABASE_URL", "postgresql://bob@db/bob?pooling=no", "an option that Bob does not know")]
    [InlineData("DATABASE_REQUIRED", "maybe", "Write true or false")]
    [InlineData("PRICE_AUDIO_IN", "32 USD", "Write a number such as 0.40, with a decimal point and without a currency")]
    [InlineData("PRICE_TEXT_OUT", "-1", "is not an amount from 0 to 1000000")]
    [InlineData("PRICES_DATE", "22.11.2026", "Write one such as 2026-11-22")]
    [InlineData("MAX_COST_PER_CALL", "0", "is not an amount from 0.01 to 1000000")]
    [InlineData("MAX_COST_PER_DAY", "1,50", "with a decimal point")]
    [InlineData("API_TOKEN", "0123456789012345678901234567890", "is shorter than 32 characters")]
    [InlineData("API_TOKEN", "0123456789 01234567890123456789012", "Copy it again")]
    [InlineData("LOG_FORMAT", "xml", "Write one of console, json")]
    [InlineData("LOG_LEVEL", "loud", "Write one of Verbose")]
    public void A_bad_value_is_one_line_that_names_the_key_and_what_to_write(string key, string value, string says, string? named = null)
    {
        var faults = FaultsOf((key, value));

        var line = faults.Should().ContainSingle().Which.ToString();
        line.Should().StartWith($"[bob] {named ?? key}: ").And.Contain(says);
        line.Should().NotContainAny("\n", "\r");
    }

    [Fact]
    public void All_faults_are_reported_at_once() =>
        FaultsOf(("PORT", "x"), ("VAD_THRESHOLD", "7"), ("LOG_LEVEL", "loud"), ("MAX_CALLS", "-1")).Select(fault => fault.Key)
            .Should().BeEquivalentTo("PORT", "VAD_THRESHOLD", "LOG_LEVEL", "MAX_CALLS");

    [Fact]
    public void A_secret_is_shown_nowhere()
    {
        var faults = FaultsOf(
            ("OPENAI_API_KEY", "canary one"), ("TWILIO_AUTH_TOKEN", "canary-two"), ("OPENAI_VOICE", "canary-two"), ("LOG_LEVEL", "sk-canary"), ("API_TOKEN", "canary-short"));
        var options = Read(("OPENAI_API_KEY", "canary-one"), ("TWILIO_AUTH_TOKEN", "canary-two"), ("API_TOKEN", "canary-canary-canary-canary-canary"));

        faults.Should().HaveCount(4);
        string.Join('\n', faults).Should().NotContain("canary");
        $"{options} {options.Twilio}".Should().NotContain("canary");
    }

    [Theory]
    [InlineData("MODEL_2_URL", "https://model.example.com", "not a plain WebSocket address")]
    [InlineData("MODEL_2_URL", "ws://model.example.com/v1/realtime", "Write wss://")]
    [InlineData("MODEL_2_NAME", "gpt realtime", "such as gpt-realtime-2.1")]
    [InlineData("MODEL_3_NAME", "gpt-realtime-1.5", "is set, but there is no MODEL_2")]
    [InlineData("MODEL_2_PRICES", "4,0.4,24", "is set, but neither MODEL_2_URL nor MODEL_2_NAME is")]
    public void A_bad_value_of_a_further_model_is_one_line(string key, string value, string says) =>
        FaultsOf(("OPENAI_API_KEY", "key"), (key, value)).Should().ContainSingle().Which.ToString().Should().StartWith($"[bob] {key}: ").And.Contain(says);

    [Fact]
    public void Further_models_are_as_the_first_where_nothing_else_is_said_and_a_key_goes_to_its_own_host_alone()
    {
        var options = Read(
            ("OPENAI_API_KEY", "key"), ("OPENAI_VOICE", "cedar"), ("BOB_GREETING", "Say hello."),
            ("MODEL_2_NAME", "gpt-realtime-1.5"),
            ("MODEL_3_URL", "wss://bob.openai.azure.com/openai/v1/realtime"), ("MODEL_3_KEY", "azure-key"), ("MODEL_3_NAME", "deployment"), ("MODEL_3_VOICE", "alloy"),
            ("MODEL_4_URL", "ws://localhost:8080/v1/realtime"), ("MODEL_4_TRANSCRIPTION", "none"));

        options.FurtherModels.Select(model => (model.Url.Host, model.Model, model.ApiKey, model.Voice, model.TranscriptionModel, model.Greeting)).Should().Equal(
            ("api.openai.com", "gpt-realtime-1.5", "key", "cedar", "gpt-4o-mini-transcribe", "Say hello."),
            ("bob.openai.azure.com", "deployment", "azure-key", "alloy", "gpt-4o-mini-transcribe", "Say hello."),
            ("localhost", "gpt-realtime-2.1", "no-key", "cedar", null, "Say hello."));
        FaultsOf(("OPENAI_API_KEY", "key"), ("MODEL_2_URL", "wss://bob.openai.azure.com/openai/v1/realtime")).Should().ContainSingle()
            .Which.ToString().Should().Be("[bob] MODEL_2_KEY: is not set, but MODEL_2_URL names a server that wants one. Set the key of that server.");
        FaultsOf(("OPENAI_API_KEY", "key"), ("MODEL_2_KEY", "canary key"), ("MODEL_2_NAME", "m")).Should().ContainSingle().Which.ToString().Should().NotContain("canary");
    }

    [Fact]
    public void Further_models_cost_what_is_said_or_what_is_known_of_them_or_what_the_first_one_costs()
    {
        (string, string)[] models =
        [
            ("OPENAI_API_KEY", "key"), ("MODEL_2_NAME", "gpt-realtime-2.1-mini"), ("MODEL_3_NAME", "deployment"),
            ("MODEL_4_NAME", "gpt-realtime-1.5"), ("MODEL_4_PRICES", "1, 0.2,3,4,0.5,6"), ("PRICES_DATE", "2026-11-22"),
        ];
        var said = new Prices { TextIn = 1, CachedTextIn = 0.2m, TextOut = 3, AudioIn = 4, CachedAudioIn = 0.5m, AudioOut = 6 };

        Read(models).FurtherModels.Select(model => (model.Prices?.AudioIn, model.Prices?.AudioOut)).Should().Equal((10, 20), (null, null), (said.AudioIn, said.AudioOut));
        Read(models).FurtherModels[2].Prices.Should().Be(said);
        Read([.. models, ("PRICE_AUDIO_OUT", "70")]).FurtherModels[0].Prices.Should().BeNull("a contract's prices may be in another currency than the list's");
    }

    [Theory]
    [InlineData("4,0.4,24,32,0.4")]
    [InlineData("4,0.4,24,32,0.4,64,1")]
    [InlineData("4,0.4,24,32,0.4,-64")]
    [InlineData("4,0.4,24,32,0.4,sixty")]
    [InlineData("4,0.4,24,32,0.4,1000001")]
    public void Prices_of_a_further_model_that_are_not_six_are_one_line(string prices) =>
        FaultsOf(("OPENAI_API_KEY", "key"), ("MODEL_2_NAME", "m"), ("MODEL_2_PRICES", prices), ("PRICES_DATE", "2026-11-22")).Should().ContainSingle()
            .Which.ToString().Should().StartWith("[bob] MODEL_2_PRICES: ").And.Contain("are not six prices").And.Contain("4,0.4,24,32,0.4,64");

    [Fact]
    public void A5_What_gets_nowhere_lasts_longer_than_a_silence()
    {
        Read().Calls.NoProgress.Should().Be(TimeSpan.FromMinutes(3));
        Read(("SILENCE_GOODBYE_SECONDS", "600")).Calls.NoProgress.Should().Be(TimeSpan.FromSeconds(660));
        Read(("NO_PROGRESS_SECONDS", "0")).Calls.NoProgress.Should().Be(TimeSpan.Zero);
        FaultsOf(("NO_PROGRESS_SECONDS", "25")).Should().ContainSingle().Which.ToString().Should()
            .Be("[bob] NO_PROGRESS_SECONDS: 25 is not longer than SILENCE_GOODBYE_SECONDS (25). Write more than 25, or 0 for never: nothing new is said in a silence either.");
    }

    [Fact]
    public void O8_A_stalled_server_does_not_have_all_the_time_when_there_is_another()
    {
        Read(("OPENAI_API_KEY", "key")).Realtime.ConnectTimeout.Should().Be(TimeSpan.FromSeconds(2.8));

        var options = Read(("OPENAI_API_KEY", "key"), ("MODEL_2_NAME", "gpt-realtime-1.5"));

        options.FurtherModels.Prepend(options.Realtime).Should().OnlyContain(
            model => model.ConnectTimeout == TimeSpan.FromSeconds(2) && model.SessionTimeout == TimeSpan.FromSeconds(2));
    }

    [Fact]
    public void A_prompt_or_greeting_that_is_too_long_is_refused() =>
        FaultsOf(("BOB_INSTRUCTIONS", new string('x', 40_001)), ("BOB_GREETING", new string('x', 1_001))).Should().HaveCount(2);

    [Fact]
    public void A_folder_that_recordings_cannot_go_to_stops_the_start()
    {
        var file = Path.GetTempFileName();

        FaultsOf(("RECORDING", "true"), ("RECORDING_DIRECTORY", Path.Combine(file, "recordings"))).Should().ContainSingle().Which.ToString()
            .Should().StartWith("[bob] RECORDING_DIRECTORY: ").And.Contain("cannot be written");
        FaultsOf(("RECORDING_NOTICE", new string('x', 501))).Should().ContainSingle().Which.Key.Should().Be("RECORDING_NOTICE");
        File.Delete(file);
    }

    [Fact]
    public void Callers_are_told_of_the_recording_in_the_words_of_the_settings()
    {
        var folder = Directory.CreateTempSubdirectory("bob-options-");

        var options = Read(
            ("OPENAI_API_KEY", "key"), ("BOB_GREETING", "Say hello."), ("RECORDING", "true"), ("RECORDING_DIRECTORY", folder.FullName),
            ("RECORDING_NOTICE", "Say that we keep this call."));

        options.Realtime.Greeting.Should().Be("Say hello. Say that we keep this call.");
        options.RecordingDirectory.Should().Be(folder.FullName);
        options.Warnings.Should().BeEmpty();
        folder.Delete();
    }

    [Fact]
    public void A_fallback_does_not_ring_Bob_himself_and_a_number_that_nobody_rings_is_said()
    {
        FaultsOf(("FALLBACK", "human"), ("FALLBACK_NUMBER", "+15550100002"), ("TWILIO_PHONE_NUMBER", "+15550100002")).Should().ContainSingle()
            .Which.Problem.Should().Contain("round in a circle");
        Read(("FALLBACK", "Human"), ("FALLBACK_NUMBER", "+15550100009")).Fallback.Should().Be(new FallbackOptions(Fallback.Human, "+15550100009"));
        var unused = Read(("OPENAI_API_KEY", "key"), ("FALLBACK_NUMBER", "+15550100009"));
        unused.Fallback.Should().Be(new FallbackOptions(Fallback.Voicemail, null));
        unused.Warnings.Should().ContainSingle(warning => warning.StartsWith("FALLBACK_NUMBER has no effect"));
    }

    [Fact]
    public void What_is_kept_for_some_days_is_not_kept_longer_than_its_call()
    {
        Read().Retention.Should().Be(new RetentionOptions(null, null, null, null));
        Read(("KEEP_TRANSCRIPTS_DAYS", "30"), ("KEEP_RECORDINGS_DAYS", "7"), ("KEEP_CALLS_DAYS", "30"), ("KEEP_MESSAGES_DAYS", "90"), ("KEEP_CALLERS_DAYS", "400"), ("KEEP_USAGE_DAYS", "8"))
            .Retention.Should().Be(new RetentionOptions(30, 7, 30, 90, 400, 8));
        FaultsOf(("KEEP_TRANSCRIPTS_DAYS", "31"), ("KEEP_RECORDINGS_DAYS", "32"), ("KEEP_CALLS_DAYS", "30")).Select(fault => fault.Key)
            .Should().Equal("KEEP_TRANSCRIPTS_DAYS", "KEEP_RECORDINGS_DAYS");
        FaultsOf(("KEEP_CALLS_DAYS", "0"), ("KEEP_MESSAGES_DAYS", "for ever"), ("KEEP_CALLERS_DAYS", "0.5"), ("KEEP_USAGE_DAYS", "0")).Should().HaveCount(4);
    }

    [Fact]
    public void What_responses_cost_is_kept_as_long_as_the_days_cap_needs_it()
    {
        FaultsOf(("KEEP_USAGE_DAYS", "7")).Should().ContainSingle().Which.ToString()
            .Should().Contain("KEEP_USAGE_DAYS").And.Contain("less than 8").And.Contain("last 7 days").And.Contain("Write 8 or more");
    }

    [Fact]
    public void Who_Bob_is_has_a_short_name_which_all_his_models_share()
    {
        Read().Realtime.Persona.Should().Be("bob");
        var options = Read(("OPENAI_API_KEY", "sk-test-1"), ("MODEL_2_NAME", "gpt-realtime-2"), ("BOB_PERSONA", " Night shift_2-b "));

        options.FurtherModels.Prepend(options.Realtime).Should().OnlyContain(model => model.Persona == "Night shift_2-b");
    }

    [Fact]
    public void With_nothing_set_Bob_rehearses_on_port_3000()
    {
        var options = Read();

        options.Mode.Should().Be(ModelMode.Rehearsal);
        options.Port.Should().Be(3000);
        options.ServerUrl.Should().Be("http://localhost:3000");
        options.Twilio.Signs.Should().BeFalse();
        options.Realtime.Model.Should().Be("gpt-realtime-2.1");
        options.Realtime.Voice.Should().Be("marin");
        options.Realtime.Greeting.Should().Contain("rehearsal");
        options.Realtime.Instructions.Should().Contain("You are Bob");
        options.Realtime.TurnDetection.Should().Be(new ServerVad());
        options.RecordingDirectory.Should().BeNull();
        options.Warnings.Should().BeEmpty();
    }

    [Fact]
    public void The_settings_become_the_options_of_the_actors()
    {
        var options = Read(
            ("SERVER_URL", "https://Bob.example.com/"), ("TWILIO_AUTH_TOKEN", "token"), ("OPENAI_API_KEY", "key"), ("OPENAI_VOICE", "cedar"), ("OPENAI_VOICE_SPEED", "1.25"),
            ("BOB_INSTRUCTIONS", "Be brief."), ("BOB_GREETING", "Say hello."), ("TRANSCRIPTION_MODEL", "none"), ("TURN_DETECTION", "semantic_vad"),
            ("VAD_EAGERNESS", "low"), ("VAD_INTERRUPT_RESPONSE", "false"), ("NOISE_REDUCTION", "far_field"), ("MAX_CALLS", "3"),
            ("MAX_CALL_SECONDS", "90"), ("DIAL_EARLY", "false"));

        options.Mode.Should().Be(ModelMode.Live);
        options.ServerUrl.Should().Be("https://Bob.example.com", "the signature is made over the address as written");
        options.Realtime.Should().BeEquivalentTo(new
        {
            ApiKey = "key",
            Voice = "cedar",
            Speed = 1.25,
            Instructions = "Be brief.",
            Greeting = "Say hello.",
            NoiseReduction = "far_field",
            TurnDetection = new SemanticVad("low", InterruptResponse: false),
        });
        options.Realtime.TranscriptionModel.Should().BeNull();
        options.Calls.Should().BeEquivalentTo(new { MaxCalls = 3, MaxDuration = TimeSpan.FromSeconds(90), DialEarly = false });
    }

    [Fact]
    public void The_address_of_a_database_becomes_a_connection()
    {
        var records = Read(("DATABASE_URL", "postgresql://bob:p%40ss@db.example.com/calls?sslmode=verify-full")).Records;

        records.Server.Should().ContainAll("Host=db.example.com", "Port=5432", "Database=calls", "Username=bob", "Password=p@ss", "SSL Mode=VerifyFull");
        $"{records}".Should().NotContain("p@ss");
        Path.IsPathFullyQualified(Read().Records.File).Should().BeTrue();
    }

    [Fact]
    public void What_the_default_model_costs_is_known_and_what_it_costs_you_wins()
    {
        var costs = Read(("OPENAI_API_KEY", "key")).Costs;
        costs.Prices.Should().Be(new Prices { TextIn = 4, CachedTextIn = 0.40m, TextOut = 24, AudioIn = 32, CachedAudioIn = 0.40m, AudioOut = 64, TranscriptionIn = 1.25m, TranscriptionOut = 5 });
        (costs.PerCall, costs.PerDay, costs.AsOf).Should().Be((null, null, new DateOnly(2026, 11, 22)));

        var own = Read(
            ("OPENAI_API_KEY", "key"), ("PRICE_AUDIO_OUT", "32.5"), ("PRICE_PHONE_MINUTE", "0.0085"), ("PRICES_DATE", "2027-01-31"), ("MAX_COST_PER_CALL", "2.50"),
            ("MAX_COST_PER_DAY", "100")).Costs;
        own.Prices.Should().Be(costs.Prices with { AudioOut = 32.5m, PhoneMinute = 0.0085m, TranscriptionIn = 0, TranscriptionOut = 0 }, "one's own prices may be in another currency than the list of transcription");
        (own.PerCall, own.PerDay, own.AsOf).Should().Be((2.5m, 100, new DateOnly(2027, 1, 31)));
        Read().Costs.Prices.Should().Be(Prices.None, "a rehearsal costs nothing");
    }

    [Fact]
    public void A_cap_that_is_kept_without_what_transcription_costs_is_told_of()
    {
        (string, string) key = ("OPENAI_API_KEY", "key"), own = ("TRANSCRIPTION_MODEL", "my-transcription"), cap = ("MAX_COST_PER_DAY", "5");

        Read(key, own, cap).Warnings.Should().ContainSingle().Which.Should().Be(
            "What my-transcription costs is not known: MAX_COST_PER_DAY is kept as if it cost nothing; set PRICE_TRANSCRIPTION_IN and PRICE_TRANSCRIPTION_OUT, or PRICE_TRANSCRIPTION_MINUTE");
        Read(key, own).Warnings.Should().BeEmpty("without a cap");
        Read(key, cap).Warnings.Should().BeEmpty("with a price that is known");
        Read(key, cap, ("TRANSCRIPTION_MODEL", "none")).Warnings.Should().BeEmpty("without transcription");
        Read(key, own, cap, ("PRICE_TRANSCRIPTION_MINUTE", "0"), ("PRICES_DATE", "2027-01-31")).Warnings.Should().BeEmpty("it costs nothing");
        Read(own, cap).Warnings.Should().NotContain(warning => warning.Contains("my-transcription"), "a rehearsal costs nothing");
    }

    [Fact]
    public void What_writing_down_callers_costs_is_known_of_some_models_beside_OpenAIs_and_yours_wins()
    {
        (string, string) key = ("OPENAI_API_KEY", "key");

        Transcription(key, ("TRANSCRIPTION_MODEL", "gpt-4o-transcribe")).Should().Be((2.5m, 10m, 0m));
        Transcription(key, ("TRANSCRIPTION_MODEL", "gpt-realtime-whisper")).Should().Be((0m, 0m, 0.017m));
        Transcription(key, ("TRANSCRIPTION_MODEL", "my-transcription")).Should().Be((0m, 0m, 0m));
        Transcription(key, ("TRANSCRIPTION_MODEL", "none")).Should().Be((0m, 0m, 0m));
        Transcription(key, ("OPENAI_REALTIME_MODEL", "my-deployment")).Should().Be((0m, 0m, 0m), "nobody knows in which currency that one's are");
        Transcription().Should().Be((0m, 0m, 0m), "a rehearsal costs nothing");
        Transcription(key, ("PRICE_TRANSCRIPTION_IN", "1"), ("PRICE_TRANSCRIPTION_OUT", "2"), ("PRICE_TRANSCRIPTION_MINUTE", "0.5"), ("PRICES_DATE", "2027-01-31")).Should().Be((1m, 2m, 0.5m));
        FaultsOf(key, ("PRICE_TRANSCRIPTION_MINUTE", "0.5")).Should().ContainSingle().Which.Key.Should().Be("PRICES_DATE");

        Transcription(key, ("PRICE_TEXT_OUT", "20"), ("PRICES_DATE", "2027-01-31")).Should().Be((0m, 0m, 0m), "nor in which a contract is");
        Transcription(key, ("PRICE_PHONE_MINUTE", "0.01"), ("PRICES_DATE", "2027-01-31")).Should().Be((1.25m, 5m, 0m));

        static (decimal, decimal, decimal) Transcription(params (string, string)[] settings) =>
            Read(settings).Costs.Prices is var prices ? (prices.TranscriptionIn, prices.TranscriptionOut, prices.TranscriptionMinute) : default;
    }

    [Fact]
    public void A_model_whose_prices_nobody_knows_is_warned_about_and_takes_no_cap()
    {
        (string, string)[] other = [("OPENAI_API_KEY", "key"), ("OPENAI_REALTIME_MODEL", "my-deployment")];

        Read(other).Warnings.Should().ContainSingle().Which.Should().StartWith("What my-deployment costs is not known");
        FaultsOf([.. other, ("MAX_COST_PER_DAY", "5")]).Should().ContainSingle().Which.ToString().Should().StartWith("[bob] MAX_COST_PER_DAY: is set, but");
        FaultsOf([.. other, ("PRICE_AUDIO_OUT", "64")]).Should().ContainSingle().Which.ToString().Should().StartWith("[bob] PRICES_DATE: is not set, but PRICE_AUDIO_OUT is");
        FaultsOf(("MAX_COST_PER_CALL", "5"), ("MAX_COST_PER_DAY", "4")).Should().ContainSingle().Which.Key.Should().Be("MAX_COST_PER_DAY");
    }

    [Fact]
    public void A_process_that_may_open_few_files_takes_fewer_calls_and_says_so()
    {
        var calls = new CallOptions { MaxCalls = 200 };

        BobOptionsReader.Fitting(calls, 4_096).Should().BeEquivalentTo((calls, Array.Empty<string>()));
        var (fewer, warnings) = BobOptionsReader.Fitting(calls, 1_024);

        fewer.MaxCalls.Should().Be(156);
        warnings.Should().ContainSingle().Which.Should().StartWith("MAX_CALLS=200 needs more than the 1024 open files").And.Contain("156 calls at once are taken");
        BobOptionsReader.Fitting(calls, null).Calls.MaxCalls.Should().Be(200);
        OpenFiles.Parse("Limit  Soft Limit  Hard Limit  Units\nMax open files            1024                 524288               files     \n").Should().Be(1_024);
    }

    [Theory]
    [InlineData("MAX_CALLS_PER_CALLER")]
    [InlineData("MAX_CALLS_PER_SECOND")]
    [InlineData("MAX_LAG_MS")]
    [InlineData("MAX_MEMORY_MB")]
    public void A_bound_on_new_calls_is_a_number_and_none_when_it_is_0(string key)
    {
        var defaults = Read().Admission;
        (defaults.CallsPerCaller, defaults.CallsPerSecond, defaults.MaxLag).Should().Be((10, 50, TimeSpan.FromMilliseconds(60)));
        defaults.MaxMemory.Should().BeGreaterThan(256L * 1024 * 1024);

        var off = Read((key, "0")).Admission;
        new object?[] { off.CallsPerCaller, off.CallsPerSecond, off.MaxLag, off.MaxMemory }.Count(bound => bound is null).Should().Be(1);
        FaultsOf((key, "-1")).Should().ContainSingle().Which.ToString().Should().StartWith($"[bob] {key}: ").And.Contain("is not a whole number");
    }

    [Fact]
    public void A_compatible_server_on_this_machine_needs_no_key() =>
        Read(("OPENAI_REALTIME_URL", "ws://localhost:8080/v1/realtime")).Should().BeEquivalentTo(
            new { Mode = ModelMode.Live, Realtime = new { Url = new Uri("ws://localhost:8080/v1/realtime") } });

    [Fact]
    public void Another_server_without_a_key_is_a_fault_and_no_silent_rehearsal() =>
        FaultsOf(("OPENAI_REALTIME_URL", "wss://bob.openai.azure.com/openai/v1/realtime")).Should().ContainSingle()
            .Which.Key.Should().Be("OPENAI_API_KEY");

    [Theory]
    [InlineData("https://bob.example.com", true)]
    [InlineData("https://192.168.1.7:8443", true)]
    [InlineData("http://localhost:3000", false)]
    [InlineData("https://localhost", false)]
    [InlineData("http://127.0.0.1:3000", false)]
    [InlineData("http://[::1]:3000", false)]
    public void A_public_address_without_a_token_is_a_fault(string serverUrl, bool isPublic)
    {
        if (!isPublic)
        {
            Read(("SERVER_URL", serverUrl)).Twilio.Signs.Should().BeFalse();
            return;
        }

        FaultsOf(("SERVER_URL", serverUrl)).Should().ContainSingle().Which.ToString()
            .Should().StartWith("[bob] TWILIO_AUTH_TOKEN: is not set, but SERVER_URL is a public address").And.Contain("Copy it from the Twilio console");
        Read(("SERVER_URL", serverUrl), ("TWILIO_AUTH_TOKEN", "token")).Twilio.Signs.Should().BeTrue();
    }

    [Fact]
    public void Values_that_have_no_effect_are_warned_about() =>
        Read(("OPENAI_REALTIME_MODLE", "x"), ("BOB_COLOUR", "blue"), ("VAD_EAGERNESS", "low")).Warnings.Should().Equal(
            "OPENAI_REALTIME_MODLE is not a setting of Bob's; is OPENAI_REALTIME_MODEL meant?",
            "BOB_COLOUR is not a setting of Bob's and has no effect",
            "VAD_EAGERNESS has no effect with TURN_DETECTION=server_vad");

    private static BobOptions Read(params (string Key, string Value)[] values) =>
        BobOptionsReader.Read(SettingsSources.Of(values.ToDictionary(pair => pair.Key, pair => pair.Value)));

    private static IReadOnlyList<ConfigurationFault> FaultsOf(params (string Key, string Value)[] values) =>
        FluentActions.Invoking(() => Read(values)).Should().Throw<InvalidConfigurationException>().Which.Faults;
}
