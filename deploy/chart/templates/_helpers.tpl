{{/* Metadata of every object; the dictionary has "root", "name" and, where it is in the namespace, "own". */}}
{{- define "heddle.metadata" -}}
name: {{ .name }}
{{- if .own }}
namespace: {{ .root.Release.Namespace }}
{{- end }}
labels:
  {{- include "heddle.labels" .root | nindent 2 }}
{{- end }}

{{- define "heddle.labels" -}}
app.kubernetes.io/name: heddle
app.kubernetes.io/part-of: heddle
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
heddle.dev/installation: {{ .Release.Namespace }}
{{- end }}

{{- define "heddle.component" -}}
heddle.dev/component: control-plane
{{- end }}

{{/* What Helm hands to every chart that is part of another is no value of ours. */}}
{{- define "heddle.values" -}}
{{- omit .Values "global" | toJson -}}
{{- end }}

{{/* What of "given" is not as in "usual"; both are maps. */}}
{{- define "heddle.differences" -}}
{{- $differences := dict -}}
{{- $usual := .usual -}}
{{- range $name, $value := .given -}}
{{- $other := get $usual $name -}}
{{- if and (kindIs "map" $value) (kindIs "map" $other) -}}
{{- $inner := include "heddle.differences" (dict "given" $value "usual" $other) | fromJson -}}
{{- if $inner }}{{ $_ := set $differences $name $inner }}{{ end -}}
{{- else if or (not (hasKey $usual $name)) (ne (toJson $value) (toJson $other)) -}}
{{- $_ := set $differences $name $value -}}
{{- end -}}
{{- end -}}
{{- toJson $differences -}}
{{- end }}

{{- define "heddle.image" -}}
{{- with .root.Values.image.registry }}{{ . }}/{{ end }}heddle/{{ .name }}:{{ .root.Values.image.tag | default .root.Chart.AppVersion }}
{{- end }}

{{/* Amounts that are said. */}}
{{- define "heddle.resources" -}}
{{- $resources := dict -}}
{{- range $what := list "requests" "limits" -}}
{{- $said := dict -}}
{{- range $name, $amount := index $.Values.control.resources $what -}}
{{- if $amount }}{{ $_ := set $said $name $amount }}{{ end -}}
{{- end -}}
{{- if $said }}{{ $_ := set $resources $what $said }}{{ end -}}
{{- end -}}
{{- toYaml $resources -}}
{{- end }}

{{- define "heddle.affinityTerm" -}}
labelSelector:
  matchLabels:
    {{- include "heddle.component" . | nindent 4 }}
{{- end }}

{{/* Namespaces about which the control plane is never asked. */}}
{{- define "heddle.namespaceSelector" -}}
matchExpressions:
  - key: kubernetes.io/metadata.name
    operator: NotIn
    values:
      {{- concat (list "kube-system" .Release.Namespace) .Values.webhooks.excludedNamespaces | uniq | toYaml | nindent 6 }}
{{- end }}
