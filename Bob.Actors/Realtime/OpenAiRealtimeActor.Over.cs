using Akka.Actor;
using Bob.Actors.Audio;
using Bob.Actors.Twilio;
using static Bob.Actors.Realtime.ModelLegProtocol;

namespace Bob.Actors.Realtime;

/// <summary>The end of a leg whose call is over, or goes on without a model: see <see cref="LateWords"/>.</summary>
public sealed partial class OpenAiRealtimeActor
{
    private LateWords? _late;
    private bool _callIsOver;

    /// <summary>The call is over, or the model is given up: nobody hears it any more.</summary>
    private void BeOver(bool callIsOver)
    {
        _callIsOver = callIsOver;
        Timers.CancelAll();
        _standby!.Close();
        _connection!.Hush();
        _late = _session!.Over();
        Become(Over);
        Timers.StartSingleTimer(ModelTimer.LateSign, ModelTimer.LateSign, LateWords.SignOfLife);
        Timers.StartSingleTimer(ModelTimer.Late, ModelTimer.Late, LateWords.Longest);
        LookWhetherAllIsTold();
    }

    private void Over(object message)
    {
        switch (message)
        {
            case ModelSaid said when said.Connection == _line.Number:
                _late!.Heard(said.Event);
                _call.Tell(new ModelHeard(said.Event));
                LookWhetherAllIsTold();
                break;
            case ConnectionDrained drained when drained.Connection == _line.Number:
                _connection!.Drained();
                _connection.SendAudio();
                break;
            case ModelTimer.LateSign when _late!.Left(LateWords.SignOfLife) is { Ticks: > 0 } left:
                Timers.StartSingleTimer(ModelTimer.LateSign, ModelTimer.LateSign, left); // what a standstill took
                break;
            case ModelTimer.Late when _late!.Left(LateWords.Longest) is { Ticks: > 0 } left:
                Timers.StartSingleTimer(ModelTimer.Late, ModelTimer.Late, left);
                break;
            case ModelTimer.LateSign when _late!.IsAlive:
                _late.NothingMoreWasSaid();
                LookWhetherAllIsTold();
                break;
            case ModelTimer.LateSign or ModelTimer.Late:
            case ModelEnded ended when ended.Connection == _line.Number:
            case ConnectionBroken broken when broken.Connection == _line.Number:
                AllIsTold();
                break;
            case CallIsOver:
                _callIsOver = true;
                LookWhetherAllIsTold();
                break;
            case FinishSpeaking:
                FinishPlayback();
                break;
            case Dialled { Result.Socket: { } late }:
                late.Abort();
                break;
            case CallerAudio or IModelLegCommand or CallerLegProtocol.SpeechInterrupted or Dialled or ConnectionDrained or ConnectionBroken or ModelTimer:
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void LookWhetherAllIsTold()
    {
        if (_late!.IsComplete)
            AllIsTold();
    }

    private void AllIsTold()
    {
        if (_callIsOver)
        {
            _call.Tell(new AllTold());
            return;
        }

        Disconnect();
        Become(Gone);
    }
}
