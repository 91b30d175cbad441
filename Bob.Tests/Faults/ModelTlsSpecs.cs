using AwesomeAssertions;
using Bob.Simulator.Realtime;
using Bob.Simulator.Twilio;
using Bob.Tests.Records;
using Xunit;
using static Bob.Tests.Calls.WholeHouse;

namespace Bob.Tests.Faults;

/// <summary>The real process and a model behind TLS, as every real one is.</summary>
public sealed class ModelTlsSpecs : IDisposable
{
    private readonly RecordsFolder _folder = RecordsFolder.Make();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_call_goes_over_TLS_and_its_first_handshake_is_prepared_before_anybody_calls()
    {
        await using var model = await RealtimeSimulator.StartAsync(
            new RealtimeSimulatorOptions { Script = TwilioLine.Script("hello", "yes I am still here"), ApiKey = ApiKey }, Cancellation);
        using var tls = new TlsFront(model, _folder.Path);
        await using var bob = await BobProcess.StartAsync(
            [.. _folder.Settings, ("OPENAI_API_KEY", ApiKey), ("OPENAI_REALTIME_URL", tls.Url), ("SSL_CERT_FILE", tls.CertificateFile)]);
        for (var i = 0; i < 200 && tls.Silent == 0; i++)
            await Task.Delay(20, Cancellation);
        tls.Speaking.Should().Be(0, "nobody has called");

        await using var twilio = new TwilioSimulator(new TwilioSimulatorOptions { WebhookUrl = new Uri(bob.Address, "incoming-call"), VerbTimeScale = 0.05 });
        var call = twilio.PlaceCall(new CallPlan());
        await call.WaitForHeardAsync(100);
        await call.WaitForQuietAsync();
        call.Speak(Voice("are you there"));
        await call.WaitForHeardAsync((Voice("hello").Length + Voice("yes I am still here").Length) / 8);
        await call.WaitForQuietAsync();
        var report = await call.HangUpAsync();

        report.ShouldHaveHeard("hello", "yes I am still here");
        (tls.Silent, tls.Speaking, model.Connections).Should().Be((1, 1, 1));
        bob.Lines.Should().NotContain(line => line.Contains("cannot be reached") || line.Contains(" ERR "));
    }

    public void Dispose() => _folder.Dispose();
}
