using BenchmarkDotNet.Attributes;
using Bob.Bench.Callers;
using Bob.Host.Twilio;

namespace Bob.Bench.Micro;

/// <summary>The check of a webhook's signature: once a call, over all its fields, with and without the port in the URL.</summary>
public class SignatureBenchmarks
{
    private const string Token = "0123456789abcdef0123456789abcdef";
    private static readonly string[] Urls = ["https://bob.example.com/incoming-call", "https://bob.example.com:443/incoming-call"];
    private readonly KeyValuePair<string, string>[] _form = [.. CallForm.Of("CA00000000000000000000000000000001", "ringing", 1)];
    private string _signature = "";

    [GlobalSetup]
    public void Setup() => _signature = TwilioSignature.Compute(Token, Urls[0], _form);

    [Benchmark(Description = "TwilioSignature.Matches of a webhook")]
    public bool Matches() => TwilioSignature.Matches(_signature, [Token], Urls, _form);
}
