using System.CommandLine;
using Bob.Bench.Figures;
using Bob.Bench.Runs;

namespace Bob.Bench.CommandLine;

/// <summary><c>first-audio</c>: how long a caller waits for Bob's first word.</summary>
internal static class FirstAudioCommand
{
    private const double TargetMs = 60;

    public static Command Create()
    {
        var tries = new Option<int>("--tries") { Description = "Calls that are timed.", DefaultValueFactory = _ => 50 };
        var command = new Command("first-audio", "From the webhook to the first audio, with no other call and with many.")
        {
            LoadOptions.Calls, tries, LoadOptions.ShapeOfTalk, LoadOptions.ServerCores, LoadOptions.Program, LoadOptions.Json,
        };
        command.SetAction(parsed =>
        {
            var model = (FirstAudioRun.AcceptDelay + FirstAudioRun.FirstDeltaDelay).TotalMilliseconds;
            Console.WriteLine(Machine.Here());
            Console.WriteLine(
                $"Webhook to first audio, ms; {model} of them are the model's, which takes {FirstAudioRun.AcceptDelay.TotalMilliseconds} to accept and "
                + $"{FirstAudioRun.FirstDeltaDelay.TotalMilliseconds} to its first audio; Twilio opens the stream after {FirstAudioRun.StreamDelay.TotalMilliseconds}");
            Console.WriteLine($"{"calls up",10}{"p50",10}{"p99",10}{"max",10}{"p50 over",12}{"p99 over",12}   target: <= {TargetMs} over");
            var figures = new List<object>();
            foreach (var others in new[] { 0, parsed.GetValue(LoadOptions.Calls) }.Distinct())
            {
                var run = new FirstAudioRun(parsed.GetRequiredValue(LoadOptions.ServerCores), parsed.GetValue(LoadOptions.Program), parsed.GetValue(LoadOptions.ShapeOfTalk), others, parsed.GetValue(tries)).Run();
                Console.WriteLine($"{others,10}{run.P50,10:0.0}{run.P99,10:0.0}{run.Max,10:0.0}{run.P50 - model,12:0.0}{run.P99 - model,12:0.0}");
                figures.Add(new { callsUp = others, ms = run });
            }

            Report.Write(parsed.GetValue(LoadOptions.Json), figures);
        });
        return command;
    }
}
