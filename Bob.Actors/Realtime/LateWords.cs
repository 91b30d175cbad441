namespace Bob.Actors.Realtime;

/// <summary>
/// What a session has still to tell when nothing more is asked of it: the caller's last words, which take the transcription a moment, and what the response cost
/// that is broken off now. Part of <see cref="OpenAiRealtimeActor"/>, and only ever run by it.
/// </summary>
internal sealed class LateWords(ModelConnection connection, CallerTurns turns, ResponseGate gate, RealtimeOptions options, TimeProvider clock)
{
    /// <summary>A server that has said nothing in this time is not going to: within a second nothing of a call is to be left that nobody tells of.</summary>
    public static readonly TimeSpan SignOfLife = TimeSpan.FromMilliseconds(750);

    /// <summary>Transcription takes a few tenths of a second, and seldom more than one.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(2);

    /// <summary>Silence goes out in such pieces, ms: more than the ring has room for may be needed.</summary>
    private const int PieceMs = 1_000;

    private readonly bool _transcribed = options.TranscriptionModel is not null;
    private readonly long _began = clock.GetTimestamp();
    private readonly int _messages = connection.Progress.Messages;
    private string? _active = gate.Announced;
    private bool _expected = turns.IsOpen ? gate.ExpectsAsked : gate.Expects;
    private bool _turnToCome;

    /// <summary>Whether all is told.</summary>
    public bool IsComplete => _active is null && !_expected && !_turnToCome && !(_transcribed && (turns.IsOpen || turns.AwaitsWords));

    /// <summary>Whether the server has said anything since.</summary>
    public bool IsAlive => connection.Progress.Messages != _messages;

    /// <summary>
    /// Breaks off what is being said, and ends with silence the turn that hanging up has cut, also one that the server has not noticed yet: to commit it
    /// is for sessions that find no turns by themselves. The answer that the server then begins is broken off as well: to tell it first that it need not
    /// answer would be to set its turn detection anew in the middle of a turn, and nobody says what becomes of that.
    /// </summary>
    public void Begin()
    {
        if (_active is not null)
            connection.Cancel(_active);
        _turnToCome = _transcribed && !turns.IsOpen && turns.MayHaveBegun;
        if (turns.IsOpen || _turnToCome)
            EndTurn();
        connection.SendAudio();
        if (!IsComplete)
            connection.Probe(); // or a server that is there might have no reason to say so
    }

    /// <summary>How much of that time is left, in which Bob was awake; zero or less: none.</summary>
    public TimeSpan Left(TimeSpan limit) => limit - clock.GetElapsedTime(_began);

    /// <summary>A server that is there would have told by now that the caller spoke.</summary>
    public void NothingMoreWasSaid() => _turnToCome = false;

    /// <summary>Takes in what the server tells.</summary>
    public void Heard(RealtimeEvent happened)
    {
        switch (happened)
        {
            case SpeechStarted started:
                turns.Started(started.AudioStartMs);
                if (!_turnToCome)
                    EndTurn();
                _turnToCome = false;
                break;
            case SpeechStopped stopped:
                turns.Stopped(stopped.ItemId, stopped.AudioEndMs);
                _expected = true;
                break;
            case CallerTranscribed words:
                turns.Settled(words.ItemId);
                break;
            case TranscriptionFailed failed:
                turns.Wordless(failed.ItemId);
                break;
            case ResponseCreated created:
                (_active, _expected) = (created.ResponseId, false);
                connection.Cancel(created.ResponseId);
                break;
            case ResponseDone done when done.ResponseId == _active:
                _active = null;
                break;
        }
    }

    private void EndTurn()
    {
        if (!_transcribed)
            return; // no words would come of it
        for (var left = CallerTurns.MsThatEnd(options.TurnDetection); left > 0; left -= PieceMs)
        {
            turns.AddSilence(Math.Min(left, PieceMs));
            connection.SendAudio();
        }
    }
}
