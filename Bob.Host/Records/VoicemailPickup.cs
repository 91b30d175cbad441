using System.Collections.Concurrent;
using Bob.Actors.Recording;
using Bob.Host.Configuration;
using Bob.Host.Twilio;
using Microsoft.EntityFrameworkCore;

namespace Bob.Host.Records;

/// <summary>
/// Brings the recordings of messages home: each node fetches those that it was told of, also those that an earlier process of it did not come to, and tries again as
/// long as Twilio keeps them. No call waits for it.
/// </summary>
public sealed partial class VoicemailPickup(
    RecordsDatabase database, Spool spool, TwilioRecordings twilio, BobOptions options, TimeProvider clock, ILogger<VoicemailPickup> log) : BackgroundService
{
    /// <summary>How soon after a message was reported its row is looked for: the journal writes within a second.</summary>
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);

    /// <summary>How often all rows are looked through, whatever was reported: some of them come out of the spool.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(5);

    /// <summary>A message that is reported and not written in this time waits in the spool.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    /// <summary>A recording that could not be had in this time is not to be had.</summary>
    private static readonly TimeSpan GivenUp = TimeSpan.FromDays(7);

    private static readonly TimeSpan[] Delays =
    [
        TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(15), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(5), TimeSpan.FromHours(1),
    ];

    private readonly ConcurrentDictionary<string, DateTimeOffset> _expected = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (int Failures, DateTimeOffset Due)> _failed = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _news = new(0);

    /// <summary>A recording was reported, and its message is on its way into the database.</summary>
    public void Expect(string recordingSid)
    {
        _expected[recordingSid] = clock.GetUtcNow();
        _news.Release();
    }

    public override void Dispose()
    {
        _news.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            var pause = Interval;
            try
            {
                pause = await RoundAsync(stoppingToken);
            }
            catch (Exception failure) when (RecordsFailure.Of(failure) is { } reason)
            {
                PutOff(reason.Word);
            }

            await _news.WaitAsync(pause, stoppingToken);
        }
    }

    /// <summary>Fetches what is due.</summary>
    /// <returns>How long there is nothing to do.</returns>
    private async Task<TimeSpan> RoundAsync(CancellationToken cancellation)
    {
        var now = clock.GetUtcNow();
        foreach (var stale in _expected.Where(expected => now - expected.Value > Patience))
            _expected.TryRemove(stale);
        new RecordingFiles(options.RecordingsFolder, failure => Stuck(failure.GetType().Name)).RemoveHalfFetched();
        await using var db = database.Open();
        foreach (var message in await db.Messages.AsNoTracking().Where(row => row.Node == spool.Node && row.RecordingUrl != null).ToListAsync(cancellation))
        {
            _expected.TryRemove(message.RecordingSid!, out _);
            if (_failed.GetValueOrDefault(message.RecordingSid!).Due <= now)
                await FetchAsync(db, message, cancellation);
        }

        var next = _failed.Values.Select(failed => failed.Due - clock.GetUtcNow()).Append(Interval).Min();
        return !_expected.IsEmpty ? Soon : next > Soon ? next : Soon;
    }

    private async Task FetchAsync(RecordsContext db, MessageRow message, CancellationToken cancellation)
    {
        var sid = message.RecordingSid!;
        var (audio, refusal) = await twilio.FetchAsync(message.RecordingUrl!, cancellation);
        if (audio is not null)
            refusal = Store(sid, audio);
        if (refusal is null)
        {
            if (!await SettleAsync(db, message, NameOf(sid), cancellation))
                File.Delete(PathOf(sid)); // the message was erased meanwhile
            else
                Fetched(audio!.Length / 1024);
            return;
        }

        var failures = _failed.GetValueOrDefault(sid).Failures;
        var now = clock.GetUtcNow();
        if (now - message.At > GivenUp)
        {
            await SettleAsync(db, message, null, cancellation);
            Lost(refusal);
            return;
        }

        _failed[sid] = (failures + 1, now + Delays[Math.Min(failures, Delays.Length - 1)]);
        if (failures == 2) // at first it may not be there yet
            NotYet(refusal);
    }

    /// <summary>Nothing more is to be fetched; false when the message is gone.</summary>
    private async Task<bool> SettleAsync(RecordsContext db, MessageRow message, string? recording, CancellationToken cancellation)
    {
        _failed.Remove(message.RecordingSid!);
        return await db.Messages.Where(row => row.Id == message.Id).ExecuteUpdateAsync(
            set => set.SetProperty(row => row.Recording, recording).SetProperty(row => row.RecordingUrl, (string?)null), cancellation) > 0;
    }

    /// <summary>Writes the file whole or not at all, for Bob's user alone.</summary>
    /// <returns>Why it could not be written; null: it is.</returns>
    private string? Store(string sid, byte[] audio)
    {
        var path = PathOf(sid);
        var unfinished = Path.ChangeExtension(path, RecordingFiles.Fetched);
        try
        {
            Recordings.EnsureFolder(options.RecordingsFolder);
            var create = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
                create.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            try
            {
                using (var file = new FileStream(unfinished, create))
                    file.Write(audio);
                File.Move(unfinished, path, overwrite: true);
            }
            finally
            {
                File.Delete(unfinished); // what a full disk has taken of it
            }

            return null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return "disk";
        }
    }

    private string PathOf(string sid) => Path.Combine(options.RecordingsFolder, NameOf(sid));

    private static string NameOf(string sid) => $"{sid}.wav";

    [LoggerMessage(Level = LogLevel.Information, Message = "The recording of a message was fetched: {Kilobytes} kB")]
    private partial void Fetched(int kilobytes);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The recording of a message cannot be had yet: {Reason}; tried again now and then for a week")]
    private partial void NotYet(string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "The recording of a message could not be had in a week: {Reason}; it is given up, and may still be in Twilio's console")]
    private partial void Lost(string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A part of a recording cannot be removed: {Reason}")]
    private partial void Stuck(string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Recordings of messages cannot be fetched now: the database is {Reason}")]
    private partial void PutOff(string reason);
}
