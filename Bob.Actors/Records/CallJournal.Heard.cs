using Bob.Actors.Realtime;
using Bob.Actors.Twilio;
using static Bob.Actors.Records.JournalEntry;

namespace Bob.Actors.Records;

/// <summary>What the two legs tell, as entries of the book.</summary>
public sealed partial class CallJournal
{
    /// <summary>Takes down what the model's leg heard, if it belongs into the book.</summary>
    /// <returns>Words wait to be written: <see cref="KeepWords"/> wants to be called in <see cref="WordsInterval"/>.</returns>
    public bool Heard(RealtimeEvent happened)
    {
        switch (happened)
        {
            case SpeechStarted started when started.ItemId.Length > 0:
                _turns[started.ItemId] = (NowMs, null);
                break;
            case SpeechStopped stopped when _turns.TryGetValue(stopped.ItemId, out var turn):
                _turns[stopped.ItemId] = turn with { Ended = NowMs };
                break;
            case InputCommitted committed:
                _turns.Remove(committed.ItemId, out var times);
                Add(new CallerTurn(committed.ItemId, times.Started, times.Ended));
                break;
            case CallerTranscribed transcribed:
                Add(new CallerWords(transcribed.ItemId, transcribed.Transcript));
                if (transcribed.Usage is { } billed)
                    Write(new TranscriptionReported(transcribed.ItemId, billed.TextIn, billed.AudioIn, billed.TextOut, billed.Seconds, Meter.Transcribed(billed)));
                break;
            case TranscriptionFailed failed:
                Add(new CallerWordsFailed(failed.ItemId));
                break;
            case TranscriptDelta delta:
                _worded.Add(delta.ItemId);
                _lastWords = (delta.ResponseId, delta.ItemId);
                return Grow(delta.ItemId, delta.Delta);
            case TranscriptDone done:
                Add(new JournalEntry.BobSaid(done.ItemId, done.Transcript));
                if (Conversation.HeardOf(done.ItemId) is { } part)
                    Add(Cut(done.ItemId, part)); // only now it is known which words were heard
                break;
            case ResponseCreated:
                Meter.Began();
                break;
            case ResponseDone done:
                if (done.Status == "completed")
                    _worded.Clear();
                else if (done.Status != "cancelled" && _lastWords.ResponseId == done.ResponseId)
                    Conversation.BobBrokeOff(_lastWords.ItemId);
                var cost = Meter.Ended(done.Usage);
                if (done.Usage is { } used)
                {
                    Add(new UsageReported(
                        done.ResponseId, used.TextIn, used.AudioIn, used.CachedTextIn, used.CachedAudioIn, used.TextOut, used.AudioOut, cost));
                }

                break;
        }

        return false;
    }

    /// <summary>
    /// Takes down what the model tells after the end: what the caller said last, and what is to be paid. Of what it says itself then, nobody hears
    /// anything.
    /// </summary>
    public void HeardLate(RealtimeEvent happened)
    {
        if (happened is SpeechStarted or SpeechStopped or InputCommitted or CallerTranscribed or TranscriptionFailed or ResponseDone)
            Heard(happened);
    }

    /// <summary>Takes down what the caller's leg tells after the end: how much was heard of what Bob was saying.</summary>
    public void HeardLate(CallerLegProtocol.ICallerLegEvent happened)
    {
        if (happened is CallerLegProtocol.SpeechInterrupted)
            Heard(happened);
    }

    /// <summary>Takes down what the caller's leg tells, if it belongs into the book.</summary>
    public void Heard(CallerLegProtocol.ICallerLegEvent happened)
    {
        switch (happened)
        {
            case CallerLegProtocol.BobSpoke:
                _firstAudioMs ??= NowMs;
                break;
            case CallerLegProtocol.ClipPlays { Item: { Clip: { } clip, ItemId: var clipId } }:
                Add(new JournalEntry.BobSaid(clipId, clip.Text, clip.Name));
                break;
            case CallerLegProtocol.ItemSpoken spoken:
                Add(new BobSpoke(spoken.ItemId, spoken.ReceivedMs));
                break;
            case CallerLegProtocol.SpeechInterrupted interrupted:
                foreach (var item in interrupted.Cut)
                    Cut(item, item.HeardMs, lost: false);
                break;
            case CallerLegProtocol.SpeechCut cut:
                // What was received is still played, so it counts as heard.
                foreach (var item in cut.Cut)
                    Cut(item, item.ReceivedMs, lost: true);
                // Words come before their sound. Those whose sound did not come any more nobody has heard.
                foreach (var itemId in _worded.Where(Conversation.IsUnheard).ToList())
                    Cut(itemId, heardMs: 0, receivedMs: 0, lost: true);
                _worded.Clear();
                break;
        }
    }
}
