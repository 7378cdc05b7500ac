"""The report's texts in Korean."""

KOREAN = {
    "language": "한국어",
    "kicker": "보고서",
    "title": "하나의 이미지, 모든 격리 방식",
    "question": "컨테이너는 가벼운 가상 머신과 같다고들 한다. 같은 이미지를 일반 프로세스로,"
    " 컨테이너에서, 그리고 자신의 커널을 가진 가상 머신에서 실행했다. 시작 시간과 메모리, 여럿을"
    " 동시에 시작할 때의 비용은 각각 얼마인가?",
    "answer": "답",
    "results": "결과",
    "predictions": "예측은 얼마나 맞는가?",
    "machine": "측정한 기계",
    "method": "방법과 주의할 점",
    # The answer, sentence by sentence.
    "and": ", ",
    "as_process": "일반 프로세스로는",
    "as_container": "컨테이너에서는",
    "as_uml": "User-Mode Linux(uml)에서는",
    "as_qemu": "가상 머신(qemu)에서는",
    "on_another": "(다른 기계에서 기록한 값)",
    "compare": "같은 이미지를 실행할 때 가상 머신{elsewhere}은 시작하는 데 컨테이너의"
    " {start_times}배가 걸리고({base_start} 대 {start}), 하나를 더 시작할 때마다 메모리를"
    " {more_times}배 쓴다({base_more} 대 {more}).",
    "compare_start": "같은 이미지를 실행할 때 가상 머신{elsewhere}은 시작하는 데 컨테이너의"
    " {start_times}배가 걸린다({base_start} 대 {start}).",
    "compare_more": "같은 이미지를 실행할 때 가상 머신{elsewhere}은 하나를 더 시작할 때마다"
    " 컨테이너의 {more_times}배에 이르는 메모리를 쓴다({base_more} 대 {more}).",
    "with_kvm": "가상 머신은 하드웨어 가상화(kvm)를 쓴다.",
    "with_tcg": "가상 머신은 소프트웨어로 에뮬레이션했다(tcg). 하드웨어 가상화가 있으면 더 빠르다.",
    "starts_are": "요청부터 첫 출력까지 걸리는 시간은 {told}이다.",
    "start_is": "{how} {time}",
    "uml_start": "따라서 uml은 컨테이너의 {base}에 견주어 {times}배가 걸린다.",
    "named": "{name} {value}",
    "one_takes": "인스턴스 하나가 쓰는 메모리는 {told}이다.",
    "next_adds": "함께 쓰는 것은 한 번만 있으므로, 하나를 더 시작하면 메모리는 {told} 늘어난다.",
    "systems": "게스트의 메모리 가운데 {told}는 프로그램이 아니라 자신의 커널과 그 커널의 페이지"
    " 캐시, 그리고 모니터가 차지한다.",
    "charged": "호스트의 커널이 인스턴스를 위해 지니는 것까지 넣으면, 하나에 {told}가 더 든다.",
    "storms": "{n}개를 동시에 시작하면 마지막이 준비되기까지 {told}가 걸린다.",
    "model_is": "모델은 동시에 네 개까지의 측정값에 맞추었다. 그보다 많을 때 오차의 중앙값은"
    " {told}이다.",
    "error_of": "{what} {error}",
    "error_makespan": "마지막 준비",
    "error_p50": "준비 중앙값",
    "error_memory": "메모리",
    "recorded_are": "이 기계에서 측정하지 않고 다른 기계에서 기록한 값을 쓴 것: {names}.",
    "missing_are": "측정한 값도 기록한 값도 없는 것: {names}.",
    "no_answer": "측정한 값도 기록한 값도 없어서 답할 수 없다.",
    # Around the charts.
    "marked_recorded": "다른 기계에서 기록한 값: {names}.",
    "marked_missing": "측정한 값도 기록한 값도 없음: {names}.",
    "no_data": "그릴 자료가 없다.",
    "table": "표: {name}",
    "rows_parts_of_one": "인스턴스 하나의 구성",
    "rows_accounts": "모든 계산 방식",
    "rows_medians": "중앙값",
    "rows_every_start": "모든 시작",
    "rows_median_phases": "중앙값에 해당하는 시작의 단계",
    "rows_all_medians": "캐시가 찬 모든 시작의 중앙값",
    "rows_measured": "측정",
    "rows_simulated": "시뮬레이션",
    "rows_lines": "줄",
    "rows_relative": "격리 없이 실행한 것에 대한 비",
    "rows_parts": "구성",
    "rows_every_point": "모든 점",
    "not_measured": "이 기계에서 측정하지 못한 것",
    "head_isolation": "격리 방식",
    "head_accelerator": "가속기",
    "head_data": "자료",
    "head_runs": "횟수",
    "head_first": "첫 출력 [95 %]",
    "head_one": "하나 [MiB]",
    "head_next": "추가 [MiB]",
    "head_at_once": "동시에",
    "head_ready": "마지막 준비",
    "head_model": "모델",
    "head_held_out": "남겨 둔 n",
    "head_makespan": "마지막 준비",
    "head_p50": "준비 중앙값",
    "head_memory": "메모리, pss",
    "legend": "횟수: 시간을 잰 시작의 수. 첫 출력: 요청부터 첫 출력까지의 중앙값과 95 % 구간. 하나:"
    " 인스턴스 하나의 메모리(pss), 추가: 하나를 더할 때의 메모리로, 둘 다 엔진 자신의 프로세스는 뺀"
    " 값이다. 마지막 준비: 동시에 요청한 것이 모두 준비되기까지 걸린 시간. 모델: 그에 대한"
    " 시뮬레이션의 답.",
    "stacks_title": "실제 비율로 그린 스택",
    "stacks_words": "널리 알려진 그림은 호스트 위에 게스트 시스템을 얹는다. 여기서는 그 높이가"
    " 측정한 값이다. 컨테이너는 커널을 가져오지 않고, 여느 프로세스처럼 호스트의 커널 위에서"
    " 실행된다. 모든 인스턴스가 함께 쓰는 것은 아래에 놓인 판이다.",
    "starts_title": "시작하는 데 걸리는 시간",
    "starts_words": "점 하나가 시작 한 번이다. 이 축에서 거리는 비율이며, 눈금선 하나마다 열 배가"
    " 된다.",
    "waterfall_title": "시작하는 동안 일어나는 일",
    "waterfall_words": "계획의 단계가 차례로 이어진다. 단위에 주의하자. 위쪽 칸은 밀리초, 게스트의"
    " 칸은 초이고, 마지막 줄은 모두를 같은 눈금으로 보여 준다.",
    "memory_title": "여럿의 메모리",
    "memory_words": "함께 쓰는 것은 한 번만 세므로 두 번째는 첫 번째보다 적게 든다. 게스트는 함께"
    " 쓰는 것이 적다. 저마다 자신의 커널을 가지기 때문이다.",
    "storm_title": "여럿을 동시에",
    "storm_words": "모두 같은 순간에 요청한다. 선이 평평한 곳에서는 하나를 더해도 시간이 더 들지"
    " 않고, 선이 n만큼 가파른 곳에서는 두 배를 시작하면 두 배가 걸린다.",
    "accounts_title": "계산 방식에서 계산 방식으로: {of}",
    "accounts_words": "메모리는 얼마인가? 누가 세느냐에 달렸다. 어느 계산 방식이나 다른 방식에 있는"
    " 무언가를 빠뜨린다. 함께 쓰는 페이지는 먼저 건드린 쪽에 매겨지므로 두 순서를 모두 보인다.",
    "work_title": "실행 중인 프로그램이 잃는 것",
    "work_words": "컨테이너의 프로그램은 호스트의 프로세서와 커널에서 실행된다. 파일처럼 더 많은"
    " 층을 거치는 일만 더 들 수 있다. 게스트는 프로세서가 게스트를 벗어나야 할 때마다 값을"
    " 치른다. 시스템 콜, 페이지 폴트, 장치가 그렇다.",
    "density_title": "몇 개까지 들어가는가",
    "density_words": "앞의 것을 모두 둔 채 하나씩 더 시작한다. 하나가 실패하거나, 시작이 두 배로"
    " 느려지거나, 무언가가 모자랄 때까지 한다.",
    "disk_title": "디스크에 놓이는 것",
    "disk_words": "인스턴스는 이미지를 함께 쓰고 자신이 쓴 것만 따로 지닌다. 컨테이너는 한 바이트만"
    " 바꾸어도 파일 전체를 복사하고 게스트는 블록 하나를 복사하지만, 게스트의 이미지는 디스크 한"
    " 장이다.",
    # Predictions.
    "no_errors": "시뮬레이션하지 않았거나, 비교할 측정값이 없다.",
    "nothing_held_out": "남겨 둔 측정값이 없다. n > 4인 측정이 없기 때문이다.",
    "errors": "모델은 동시에 네 개까지의 측정값에 맞추었다. 그보다 많은 수는 예측해야 했으며, 이"
    " 표는 얼마나 빗나갔는지(시뮬레이션 / 측정 - 1의 크기)를 보여 준다. 맞추는 데 쓰지 않은 n에"
    " 대한 중앙값이고, 괄호 안은 가장 큰 값이다.",
    # The machine.
    "nothing_measured": "이 기계에서는 아무것도 측정하지 않았다.",
    "recorded_from": "기록된 값을 얻은 곳",
    "fact_machine": "기계",
    "fact_cpu_model": "프로세서",
    "fact_cores": "코어 수",
    "fact_memory_mib": "메모리 [MiB]",
    "fact_kernel": "커널",
    "fact_hypervisor": "이 기계가 실행되는 곳",
    "fact_cgroup": "cgroup 버전",
    "fact_rootless": "루트 권한 없이",
    "fact_cache": "페이지 캐시",
    "fact_load_1min": "측정 전 부하 (1분)",
    "fact_recorded_utc": "측정한 때 (UTC)",
    "fact_command": "명령",
    "fact_versions": "버전",
    # Method and caveats.
    "caveat_start": "시작은 요청부터 프로그램이 첫 바이트를 출력할 때까지이다. 빌드 뒤의 첫 시작은"
    " 캐시를 채우므로 뺐다. 구간은 중앙값의 95 % 부트스트랩 구간이다.",
    "caveat_memory": "메모리는 비례 집합 크기(pss)이다. k개 프로세스가 함께 쓰는 페이지는 저마다"
    " 1/k로 세므로 더하면 맞는다. 엔진 자신의 프로세스(helper)는 인스턴스가 몇 개이든 하나뿐이라,"
    " 표에는 있지만 인스턴스의 값에는 들어 있지 않다. pss에는 호스트의 커널이 인스턴스를 위해"
    " 지니는 것이 빠져 있고, cgroup 계산에는 들어 있다. 다른 계산(rss, uss, available)은 다른"
    " 질문에 답한다.",
    "caveat_available": "available 계산과는 예측을 비교하지 않는다. 기계 전체의 값이라 기계가 하는"
    " 다른 일에도 움직이기 때문이다.",
    "caveat_model": "모델이 아는 것은 시작 한 번의 단계와 메모리, 그리고 네 개까지의 동시 시작이다."
    " 그 너머는 모두 예측이다. 코어는 고르게 나누고, 직렬 단계는 하나의 생성기(spawner)를"
    " 기다리며, 디스크와 페이지 회수는 모델에 없다. 마지막 점 너머의 선은 외삽이다.",
    "caveat_spinning": "부팅하는 커널은 지연 루프를 보정하고 체크섬을 시험하느라, 시계가 나아갈"
    " 때까지 프로세서 시간을 헛돌며 쓴다. 이 일은 줄을 서지 않아서 붐비는 호스트에서도 같은 때에"
    " 끝난다. 모델은 `kernel` 단계의 일부를 이렇게 헛도는 것으로 보거나 바쁜 코어가 서로를"
    " 방해한다고 보거나(경합), 여럿이 번갈아 쓰는 코어가 시간을 잃는다고 보는데, 네 개까지의 동시"
    " 시작을 가장 잘 설명하는 쪽을 고른다. 점이 적어 완전히 가려낼 수는 없다."
    " 헛도는 쪽도 그동안 코어의 몫을 차지하므로 일하는 쪽의 몫이"
    " 준다.",
    "caveat_emulation": "qemu(tcg, 소프트웨어 에뮬레이션)는 게스트의 명령을 하나하나 번역한다."
    " 하드웨어 가상화가 없는 기계가 할 수 있는 것을 말할 뿐, 그것이 있는 기계에 대해서는 말해 주지"
    " 않는다.",
    "no_profile": "프로파일이 없어서 아무것도 시뮬레이션하지 않았다.",
    "profile_is": "프로파일: {machine}에서 {when}에 맞춤, n = {fitted}.",
    "no_storms": "동시 시작 없음",
    "fitted_spinning": "{name}에 맞춘 값: 헛돌기, kernel 단계의 {share}.",
    "fitted_nothing": "{name}에 맞춘 값: 경합도 헛돌기도 없음.",
    "fitted_contention": "{name}에 맞춘 값: 경합, 바쁜 코어 하나가 다른 코어를 {share} 늦춘다.",
    "fitted_turns": "{name}에 맞춘 값: 번갈아 쓰기, 아주 많은 수가 나누어 쓰는 코어는 {share}"
    " 느리다.",
    "assumed": "프로파일의 가정: {text}.",
    "left_out": "시뮬레이션: {text}.",
}
